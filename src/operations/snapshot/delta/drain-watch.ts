import type { EtcdCluster } from '../../../etcd/cluster.ts';
import type { Revision } from '../../../revision.ts';
import { gracePeriodAfter } from '../../../runtime/async/grace-period.ts';
import type { Clock } from '../../../runtime/clock.ts';

/** How long events that were committed before the end may take to arrive, ms. */
const drainMs = 2_000;

/** Ends a watch so that nothing is missed that etcd had accepted before. */
export interface WatchDrain extends Disposable {
  /** For the watch. */
  readonly signal: AbortSignal;
  /** Tells that everything up to `revision` has arrived. */
  arrived(revision: Revision): void;
}

/**
 * When `stop` aborts, asks the cluster where it stands and lets the watch go on to there, for two seconds at most:
 * what a client was told is written shall be in the last delta.
 */
export function drainWatch(
  stop: AbortSignal,
  { cluster, clock }: { readonly cluster: EtcdCluster; readonly clock: Clock },
): WatchDrain {
  const early = new AbortController();
  const grace = gracePeriodAfter(stop, { ms: drainMs, clock });
  const signal = AbortSignal.any([early.signal, grace.signal]);
  let latest: Revision | undefined;
  let target: Revision | undefined;
  const endWhenComplete = (): void => {
    if (target !== undefined && latest !== undefined && latest >= target) {
      early.abort(stop.reason);
    }
  };
  const ask = async (): Promise<void> => {
    try {
      target = (await cluster.status({ signal })).revision;
      endWhenComplete();
    } catch {
      // Out of reach: then nothing more will arrive either.
      early.abort(stop.reason);
    }
  };
  const onStop = (): void => void ask();
  if (stop.aborted) {
    onStop();
  } else {
    stop.addEventListener('abort', onStop, { once: true, signal: early.signal });
  }
  return {
    signal,
    arrived: (revision) => {
      latest = revision;
      endWhenComplete();
    },
    [Symbol.dispose]: () => {
      early.abort(stop.reason);
      grace[Symbol.dispose]();
    },
  };
}
