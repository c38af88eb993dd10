import type { Revision } from '../../revision.ts';
import type { FailureCode } from '../../runtime/failure-code.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import type { SnapshotKind } from '../../snapshot/snapshot.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import type { GarbageEvent } from '../prune/prune.ts';
import type { StoredChain } from './stored-chain.ts';

/** News of a running snapshotter and of its store. Durations are in seconds, times in ms since the epoch. */
export type SnapshotterEvent =
  /** The first full is stored, or was found not to be needed: everything up to here can be restored, and requests are served now. */
  | { readonly type: 'begun'; readonly covered: Revision }
  /** The chain has grown: by a snapshot that this run stored, or by one it found when it began. */
  | { readonly type: 'stored'; readonly snapshot: StoredSnapshot; readonly chain: StoredChain }
  /** A snapshot was taken and stored; it took so long, waits for the store included. */
  | { readonly type: 'snapshot taken'; readonly kind: SnapshotKind; readonly seconds: number }
  | {
      readonly type: 'snapshot failed';
      readonly kind: SnapshotKind;
      readonly seconds: number;
      readonly error: unknown;
    }
  /** Everything that was buffered is in the store: after each period of deltas, also one without a change, and after each delta on request. */
  | { readonly type: 'deltas up to date' }
  /** Whether there are changes that no snapshot of this kind holds; sent when that changes. */
  | { readonly type: 'required'; readonly kind: SnapshotKind; readonly required: boolean }
  /** What waits in files because the store is slower than the writes. */
  | { readonly type: 'spooled'; readonly events: number; readonly bytes: number }
  /** The store has begun to fail. */
  | { readonly type: 'outage begun'; readonly location: string }
  /** The store was tried again, and still fails after so long. */
  | { readonly type: 'outage goes on'; readonly seconds: number }
  | { readonly type: 'outage ended'; readonly seconds: number }
  /** When this is done next by its schedule. */
  | { readonly type: 'next run'; readonly task: 'full' | 'defragmentation'; readonly at: number }
  /** Deltas of another snapshotter have appeared below the same prefix. */
  | { readonly type: 'concurrent writer'; readonly names: readonly string[] }
  | GarbageEvent
  /** A member was defragmented, or could not be. */
  | {
      readonly type: 'defragmented';
      readonly endpoint: string;
      readonly seconds: number;
      readonly outcome: 'succeeded' | 'failed';
    }
  /** The run is over because it was to end. Nothing of it can become visible in the store any more. */
  | { readonly type: 'ended'; readonly outcome: 'stopped' }
  /** The run is over because it failed, with the code of a Failure, `unexpected` for a fault. Nothing of it can become visible any more. */
  | { readonly type: 'ended'; readonly outcome: 'failed'; readonly code: FailureCode };

/** Is called with each event, in order, while the snapshotter waits: it must be quick. */
export type SnapshotterListener = (event: SnapshotterEvent) => void;

/** Ignores every event. */
export const noListener: SnapshotterListener = () => {};

/** One listener that passes events on to all of `listeners`. One that throws is logged, and the others still get the event. */
export function listenerFor(listeners: readonly SnapshotterListener[], log: Logger): SnapshotterListener {
  return (event) => {
    for (const listener of listeners) {
      const failed = (error: unknown): void =>
        log.error({ error }, `A listener failed at the event "${event.type}": ${error}`);
      try {
        // TypeScript lets a function that gives a promise pass for one that gives nothing.
        const result: unknown = listener(event);
        if (result instanceof Promise) {
          result.catch(failed);
        }
      } catch (error) {
        failed(error);
      }
    }
  };
}
