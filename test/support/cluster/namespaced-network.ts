import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { getuid } from 'node:process';
import { run } from '../../../scripts/lab/run.ts';
import { noRights, unlessRoot } from '../context/skip-reasons.ts';
import type { ClusterNetwork } from './cluster-network.ts';

/** Nobody has this hardware address, so what is sent there is lost. */
const nobody = '02:00:00:00:00:99';

/** Why there are no network namespaces here; undefined where there are. */
export async function whyNoNamespaces(): Promise<string | undefined> {
  if (getuid?.() !== 0) {
    return unlessRoot || undefined;
  }
  const name = `brt-try-${process.pid}`;
  try {
    await run('ip', ['netns', 'add', name]);
    await run('ip', ['netns', 'delete', name]);
    return undefined;
  } catch (error) {
    return noRights(`there are no network namespaces: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * A network namespace for each of `pods` pods, all on one bridge with this machine. Addresses are of 198.18.0.0/15, which is
 * for measurements of networks and used by nobody else.
 */
export async function namespacedNetwork(pods: number): Promise<ClusterNetwork> {
  const id = `${process.pid % 100_000}${randomInt(10, 100)}`;
  const base = `198.${randomInt(18, 20)}.${randomInt(0, 255)}`;
  const bridge = `brt${id}`;
  const space = (pod: number): string => `brt-${id}-${pod}`;
  const address = (pod: number): string => `${base}.${pod + 1}`;
  const all = Array.from({ length: pods }, (_, pod) => pod);
  const remove = (): void => {
    for (const pod of all) {
      quietly('ip', ['netns', 'delete', space(pod)]);
    }
    quietly('ip', ['link', 'delete', bridge]);
  };
  process.once('exit', remove);
  const ip = (...args: readonly string[]): Promise<unknown> => run('ip', args);
  await ip('link', 'add', bridge, 'type', 'bridge');
  await ip('address', 'add', `${base}.254/24`, 'dev', bridge);
  await ip('link', 'set', bridge, 'up');
  for (const pod of all) {
    const outer = `brt${id}v${pod}`;
    await ip('netns', 'add', space(pod));
    await ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space(pod));
    await ip('link', 'set', outer, 'master', bridge, 'up');
    await ip('-n', space(pod), 'address', 'add', `${address(pod)}/24`, 'dev', 'eth0');
    await ip('-n', space(pod), 'link', 'set', 'eth0', 'up');
    await ip('-n', space(pod), 'link', 'set', 'lo', 'up');
  }
  const eachOther = async (pod: number, change: (at: number, to: number) => Promise<unknown>): Promise<void> => {
    for (const other of all.filter((each) => each !== pod)) {
      await change(pod, other);
      await change(other, pod);
    }
  };
  return {
    kind: 'namespaces',
    address,
    inside: (pod, command) => ['nsenter', `--net=/run/netns/${space(pod)}`, '--', ...command],
    isolate: (pod) =>
      eachOther(pod, (at, to) =>
        ip('-n', space(at), 'neighbour', 'replace', address(to), 'lladdr', nobody, 'dev', 'eth0', 'nud', 'permanent'),
      ),
    rejoin: (pod) => eachOther(pod, (at, to) => ip('-n', space(at), 'neighbour', 'delete', address(to), 'dev', 'eth0')),
    [Symbol.asyncDispose]: () => {
      process.off('exit', remove);
      remove();
      return Promise.resolve();
    },
  };
}

function quietly(command: string, args: readonly string[]): void {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
  } catch {
    // It was not made, or is gone.
  }
}
