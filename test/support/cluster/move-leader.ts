import { eventually } from '../../../scripts/lab/eventually.ts';
import { run } from '../../../scripts/lab/run.ts';
import type { Pod } from './pod.ts';
import type { PodCluster } from './pod-cluster.ts';

/** Makes the next member lead, waits until it does, and gives it. */
export async function moveLeader(cluster: PodCluster): Promise<Pod> {
  const before = await cluster.untilLed();
  const { members } = cluster;
  const next = members[(members.indexOf(before) + 1) % members.length] ?? before;
  const id = BigInt((await next.gateway.status()).memberId).toString(16);
  const flags = [`--endpoints=${before.clientUrl}`, '--dial-timeout=60s', '--command-timeout=60s'];
  await eventually(
    () =>
      run(cluster.options.release.etcdctl, [...flags, 'move-leader', id], { env: { ETCDCTL_API: '3' } }).then(
        () => true,
        () => undefined,
      ),
    { intervalMs: 500, describe: () => `${before.name} does not hand the lead over` },
  );
  return await eventually(async () => ((await cluster.leader()) === next ? next : undefined), { timeoutMs: 60_000 });
}
