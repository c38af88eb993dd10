import type { Revision } from '../../revision.ts';
import type { DeltaEvent } from '../../snapshot/delta-event.ts';
import type { WatchResponse } from './watch-response.ts';

/**
 * Joins transactions that etcd split over several messages. A message with `fragment` may end in the middle of its last
 * revision, so the events of that revision are kept until the next message. Earlier revisions are complete and
 * returned at once: never more than one transaction is kept.
 */
export class TransactionJoiner {
  #kept: readonly DeltaEvent[] = [];

  /** The events that are complete now, in order. */
  join(response: Pick<WatchResponse, 'events' | 'fragment'>): readonly DeltaEvent[] {
    const events = this.#kept.length === 0 ? response.events : [...this.#kept, ...response.events];
    if (!response.fragment) {
      this.#kept = [];
      return events;
    }
    const last = events.at(-1)?.modRevision;
    const complete = last === undefined ? 0 : startOf(last, events);
    this.#kept = events.slice(complete);
    return events.slice(0, complete);
  }
}

/** Where the run of events of `revision` at the end begins. */
function startOf(revision: Revision, events: readonly DeltaEvent[]): number {
  return events.findLastIndex((event) => event.modRevision !== revision) + 1;
}
