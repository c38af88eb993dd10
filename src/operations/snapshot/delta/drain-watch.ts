import type { EtcdCluster } from '../../../etcd/cluster.ts';
import type { Revision } from '../../../revision.ts';
import { gracePeriodAfter } from '../../../runtime/async/grace-period.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { RevisionWatermark } from './revision-watermark.ts';

/** How long events that were committed before the end may take to arrive, ms. */
const drainMs = 5_000;

/** Ends a watch only when everything has arrived that etcd had accepted before the end. */
export interface WatchDrain extends Disposable {
  /** For the watch. */
  readonly signal: AbortSignal;
  /** Everything up to `revision` has arrived. */
  arrived(revision: Revision): void;
}

/**
 * When `stop` aborts, asks the cluster for its revision and lets the watch go on up to there, for five seconds at most:
 * what etcd has acknowledged to a client before the end is to be in the last delta. Nothing is waited for once `abandoned` aborts.
 */
export function drainWatch(
  stop: AbortSignal,
  {
    cluster,
    clock,
    watermark,
    abandoned,
  }: {
    readonly cluster: EtcdCluster;
    readonly clock: Clock;
    readonly watermark: RevisionWatermark;
    readonly abandoned: AbortSignal;
  },
): WatchDrain {
  const early = new AbortController();
  const grace = gracePeriodAfter(stop, { ms: drainMs, clock });
  const signal = AbortSignal.any([early.signal, grace.signal, abandoned]);
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
      watermark.expect(target);
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
