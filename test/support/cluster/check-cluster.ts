import assert from 'node:assert/strict';
import { startEtcd } from '../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { run } from '../../../scripts/lab/run.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { MemberGateway } from './member-gateway.ts';
import type { Pod } from './pod.ts';
import type { PodCluster } from './pod-cluster.ts';
import { runProgram } from './program.ts';
import { coveredRevision } from './protection-watch.ts';
import type { RecordingWriter } from './recording-writer.ts';

/** How long a delta may take to be had after a disturbance, ms: the longest wait after failures, and a half. */
const settleMs = 200_000;

/**
 * What must hold after every disturbance, once the cluster is whole: nothing acknowledged is missing in the cluster nor in a restore,
 * nothing is there that was put back, all members hash to the same, `verify` restores the backup without a complaint. `writer` is that of
 * the disturbance and is stopped; `earlier` are those of the disturbances before.
 */
export async function checkCluster(
  cluster: PodCluster,
  writer: RecordingWriter,
  earlier: readonly RecordingWriter[] = [],
): Promise<void> {
  const { members, store } = cluster;
  const revision = writer.newest;
  // A follower is asked, so that it is forwarded.
  const leader = await cluster.untilLed();
  const asked = members.find((pod) => pod !== leader) ?? leader;
  await askedForDelta(cluster, asked);
  const covered = await coveredRevision(store.view);
  assert.ok(covered >= revision, cluster.describe(`revision ${revision} was acknowledged, the store has ${covered}`));

  const hashes = await Promise.all(members.map((pod) => hashKv(cluster, pod, revision)));
  assert.ok(new Set(hashes).size === 1, cluster.describe(`HashKV at ${revision} differs: ${hashes.join(', ')}`));
  for (const each of [...earlier, writer]) {
    compare(await leader.gateway.range(each.prefix), each, () => cluster.describe('in the cluster'));
  }

  using home = makeTempDir();
  const from = [...store.flags(), `--snapstore-temp-directory=${home.join('temp')}`, '--log-format=text'];
  await runProgram(['verify', '--level=restore', ...from], { home: home.path, more: store.env });
  const dataDir = home.join('restored');
  const restored = [`--data-dir=${dataDir}`, `--restoration-temp-snapshots-dir=${home.join('restore')}`];
  await runProgram(['restore', ...restored, ...from], { home: home.path, more: store.env });
  const extraArgs = ['--heartbeat-interval', '20', '--election-timeout', '200'];
  await using etcd = await startEtcd({ release: cluster.options.release, dataDir, extraArgs });
  using gateway = new MemberGateway(etcd.clientUrl, undefined);
  for (const each of [...earlier, writer]) {
    compare(await gateway.range(each.prefix), each, () => cluster.describe('in the restore'));
  }
}

/** A delta that is asked for and comes; where the snapshotter waits after a failure, it is asked for again. */
async function askedForDelta(cluster: PodCluster, pod: Pod): Promise<void> {
  let last = '';
  await eventually(
    async () => {
      const answer = await pod.ask('/snapshot/delta', { timeoutMs: 60_000, method: 'POST' }).catch(String);
      last = typeof answer === 'string' ? answer : `${answer.status} ${answer.body}`;
      return typeof answer !== 'string' && answer.status === 200 ? true : undefined;
    },
    { timeoutMs: settleMs, intervalMs: 500, describe: () => cluster.describe(`no delta by ${pod.name}: ${last}`) },
  );
}

function compare(
  found: ReadonlyMap<string, { readonly value: string; readonly revision: number }>,
  { acknowledged, forgotten, prefix }: Pick<RecordingWriter, 'acknowledged' | 'forgotten' | 'prefix'>,
  where: () => string,
): void {
  const back = forgotten.find(({ key }) => found.has(key));
  if (back !== undefined) {
    throw new Error(
      `${back.key} of revision ${back.revision} is there, after which the cluster was put back, ${where()}`,
    );
  }
  const missing = acknowledged.filter(({ key, value, revision }) => {
    const held = found.get(key);
    return held?.value !== value || held.revision !== revision;
  });
  if (missing.length > 0) {
    const [first] = missing;
    const text = `${missing.length} of ${acknowledged.length} acknowledged writes of ${prefix} are not there, the first one ${first?.key} of revision ${first?.revision}`;
    throw new Error(`${text}, ${where()}`);
  }
}

async function hashKv(cluster: PodCluster, pod: Pod, revision: number): Promise<string> {
  const { tls } = pod;
  const trust = tls === undefined ? [] : [`--cacert=${tls.ca}`, `--cert=${tls.cert}`, `--key=${tls.key}`];
  const flags = [`--endpoints=${pod.clientUrl}`, '--dial-timeout=60s', '--command-timeout=60s', ...trust];
  // A member that lags does not know the revision yet.
  return await eventually(
    async () => {
      const question = ['endpoint', 'hashkv', `--rev=${revision}`, '--write-out=json'];
      const [program = '', ...args] = cluster.network.inside(pod.place, [
        cluster.options.release.etcdctl,
        ...flags,
        ...question,
      ]);
      const { stdout } = await run(program, args, { env: { ETCDCTL_API: '3' } }).catch(() => ({ stdout: '' }));
      const found = /"hash":(\d+)/.exec(stdout)?.[1];
      const compacted = /"compact_revision":(-?\d+)/.exec(stdout)?.[1] ?? '0';
      return found === undefined ? undefined : `${found} compacted at ${compacted}`;
    },
    { timeoutMs: 60_000, intervalMs: 300, describe: () => `${pod.name} gives no HashKV at ${revision}` },
  );
}
