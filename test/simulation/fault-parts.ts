import type { Pod, World } from './world.ts';

/** What a sidecar may be asked for. */
export type RequestKind = 'full' | 'final full' | 'delta' | 'latest';

/** Ends a sidecar, and begins another one in its place later. */
export function killFor(world: World, pod: Pod, ms: number): void {
  pod.process.kill();
  world.time.after(ms, () => {
    if (!pod.isRunning) {
      world.restart(pod);
    }
  });
}

/** Asks a sidecar for a snapshot, where it takes them. */
export function ask(world: World, { life, process }: Pod, kind: RequestKind): string {
  const access = life.snapshots;
  if (access.kind !== 'leads' || process.isDead) {
    return 'nothing';
  }
  const what = `${kind} of ${process.name}`;
  const { taker } = access;
  const answer =
    kind === 'delta'
      ? taker.takeDelta()
      : kind === 'latest'
        ? taker.latest({ signal: process.stop.signal })
        : taker.takeFull({ final: kind === 'final full' });
  world.request(what, answer);
  return `request for a ${what}`;
}

/** Sets something and, after some time, sets it back. Says what. */
export function forAWhile({ random, time }: World, what: string, set: (is: boolean) => void): string {
  const ms = random.integer(90_000);
  set(true);
  time.after(ms, () => set(false));
  return `${what} for ${ms} ms`;
}

/** One of the pods; that of the leader more often than others where that is asked for. */
export function anyPod({ pods, cluster, random }: World, which: 'any' | 'leader more often' = 'any'): Pod {
  const leading = pods.find(({ member }) => member === cluster.leader);
  return which === 'leader more often' && leading !== undefined && random.oneIn(2) ? leading : random.pick(pods);
}
