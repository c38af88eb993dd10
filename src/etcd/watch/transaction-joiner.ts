import type { Revision } from '../../revision.ts';
import { limits } from '../../runtime/limits.ts';
import type { DeltaEvent } from '../../snapshot/delta-event.ts';
import { TransactionTooLarge } from '../etcd-failure.ts';
import type { WatchResponse } from './watch-response.ts';

/** Memory of an event besides its key and value, roughly, bytes. */
const eventOverhead = 256;

/** What a {@link TransactionJoiner} needs to know. */
export interface JoinerOptions {
  /** For messages: the member's URL. */
  readonly endpoint: string;
  /** The most that a transaction may take, bytes of its keys and values and 256 for each event. */
  readonly mostBytes?: number;
}

/**
 * Joins transactions that etcd split over several messages. A message with `fragment` may end in the middle of its last
 * revision, so the events of that revision are kept until the next message. Earlier revisions are complete and
 * returned at once: never more than one transaction is kept.
 */
export class TransactionJoiner {
  readonly #endpoint: string;
  readonly #mostBytes: number;
  #kept: DeltaEvent[] = [];
  #keptBytes = 0;

  constructor({ endpoint, mostBytes = limits.transaction.most }: JoinerOptions) {
    this.#endpoint = endpoint;
    this.#mostBytes = mostBytes;
  }

  /** The events that are complete now, in order. Throws {@link TransactionTooLarge}. */
  join(response: Pick<WatchResponse, 'events' | 'fragment'>): readonly DeltaEvent[] {
    const { events, fragment } = response;
    if (!fragment) {
      return this.#completedBy(events);
    }
    const last = events.at(-1)?.modRevision;
    if (last === undefined) {
      return [];
    }
    const begin = startOf(last, events);
    const goesOn = begin === 0 && this.#kept[0]?.modRevision === last;
    const complete = goesOn ? [] : this.#completedBy(events.slice(0, begin));
    for (const event of goesOn ? events : events.slice(begin)) {
      this.#keep(event);
    }
    return complete;
  }

  /** What was kept, and `events` after it. */
  #completedBy(events: readonly DeltaEvent[]): readonly DeltaEvent[] {
    const complete = this.#kept.length === 0 ? events : this.#kept.concat(events);
    this.#kept = [];
    this.#keptBytes = 0;
    return complete;
  }

  /** Adds to the same list each time: a transaction may come in very many messages. */
  #keep(event: DeltaEvent): void {
    this.#kept.push(event);
    this.#keptBytes += event.key.length + (event.type === 'put' ? event.value.length : 0) + eventOverhead;
    if (this.#keptBytes > this.#mostBytes) {
      throw new TransactionTooLarge({
        endpoint: this.#endpoint,
        revision: event.modRevision,
        mostBytes: this.#mostBytes,
      });
    }
  }
}

/** Where the run of events of `revision` at the end begins. */
function startOf(revision: Revision, events: readonly DeltaEvent[]): number {
  return events.findLastIndex((event) => event.modRevision !== revision) + 1;
}
