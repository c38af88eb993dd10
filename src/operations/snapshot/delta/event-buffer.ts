import type { Revision } from '../../../revision.ts';
import { untilAborted } from '../../../runtime/async/until-aborted.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { Failure } from '../../../runtime/failure.ts';
import { DeltaEncoder } from '../../../snapshot/delta/delta-encoder.ts';
import { type EventTime, eventTimeOf } from '../../../snapshot/delta/event-time.ts';
import type { DeltaEvent } from '../../../snapshot/delta-event.ts';
import type { LeaseTtls } from './lease-ttls.ts';
import { DeltaSegment, type WaitingDelta } from './segment.ts';
import type { DeltaSpool } from './spool.ts';
import { WaitingSegments } from './waiting-segments.ts';

/** Rough memory of an event that waits unencoded, without its key and value, bytes. */
const eventOverhead = 256;

/** A delta that is due does not end a hold before this time, ms. */
const YOUNG_HOLD_MS = 3_000;

interface WaitingEvent {
  readonly event: DeltaEvent;
  readonly time: EventTime;
}

/**
 * Buffers events until they are written as deltas. They are encoded as they arrive. While a full snapshot is being
 * read ({@link hold}) they wait as they are until a delta is due, because only its end shows at which revision a new delta has
 * to begin ({@link cutAt}). What reaches the limit becomes a segment; one such segment may wait in memory, further ones wait in
 * the spool.
 */
export class EventBuffer {
  #limit: number;
  readonly #clock: Clock;
  readonly #spool: DeltaSpool;
  readonly #leases: LeaseTtls;
  #open = new DeltaEncoder();
  readonly #closed = new WaitingSegments();
  #held: WaitingEvent[] | undefined;
  #heldSize = 0;
  /** When the hold began, monotonic ms. */
  #heldSince = 0;
  /** Deltas must not reach across this revision. */
  #boundary: Revision | undefined;
  /** Events up to here are in a full. */
  #covered: Revision | undefined;
  /** Events up to here are dropped when they arrive. */
  #dropped: Revision | undefined;
  /** Revision of the newest event that was encoded. */
  #last: Revision | undefined;
  readonly #waiters = new Set<() => void>();

  constructor(options: {
    /** Bytes of a segment. */
    readonly limitBytes: number;
    readonly clock: Clock;
    readonly spool: DeltaSpool;
    readonly leases: LeaseTtls;
  }) {
    this.#limit = options.limitBytes;
    this.#clock = options.clock;
    this.#spool = options.spool;
    this.#leases = options.leases;
  }

  /** Whether events after `revision` are buffered. */
  hasBeyond(revision: Revision): boolean {
    const held = this.#held?.at(-1)?.event.modRevision ?? 0;
    return (
      held > revision ||
      (this.#open.count > 0 && this.#open.lastRevision > revision) ||
      this.#closed.hasBeyond(revision)
    );
  }

  /** Bytes buffered, those in the spool included. */
  get size(): number {
    return this.#closed.size + this.#openSize;
  }

  /** Bytes of the segment that is growing, and of the events that are held. */
  get #openSize(): number {
    return this.#open.size + this.#heldSize;
  }

  /**
   * Adds whole transactions. Throws a SpoolFull when there is no room for them; what was buffered before is still there
   * then.
   */
  async add(events: readonly DeltaEvent[]): Promise<void> {
    const time = eventTimeOf(this.#clock.now());
    this.#leases.request(events);
    let current: Revision | undefined;
    for (const event of events) {
      if (event.modRevision !== current) {
        current = event.modRevision;
        await this.#divideAtLimit();
      }
      if (this.#held === undefined) {
        this.#encode(event, time);
      } else {
        this.#held.push({ event, time });
        this.#heldSize += event.key.length + (event.type === 'put' ? event.value.length : 0) + eventOverhead;
      }
    }
    await this.#divideAtLimit();
  }

  /** Lets segments grow to `limitBytes` from now on, if that is more: at the end nothing is gained by many small ones. */
  widen(limitBytes: number): void {
    this.#limit = Math.max(this.#limit, limitBytes);
  }

  /** Resolves when a segment has reached the limit and waits; rejects when the signal aborts. */
  async untilLimit(signal: AbortSignal): Promise<void> {
    while (this.#closed.count === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiters.add(resolve);
      await untilAborted(promise, signal).finally(() => this.#waiters.delete(resolve));
    }
  }

  /**
   * Closes the segment that is growing, with what is held: it now waits to be taken, however small. Where `held` says so, a hold
   * that has just begun goes on: the full may be read soon, and then nothing reaches across its end.
   */
  close({ held = 'all' }: { readonly held?: 'all' | 'unless young' } = {}): void {
    if (held === 'all' || this.#clock.monotonic() - this.#heldSince >= YOUNG_HOLD_MS) {
      this.#encodeHeld();
    }
    this.#closeOpen();
  }

  #closeOpen(): void {
    const { firstRevision, lastRevision, count } = this.#open;
    if (count > 0) {
      // Some TTLs may be of leases in a delta before this one; any delta of the chain may record them.
      this.#recordTtls(this.#leases.takeNew());
      const { keys } = this.#open;
      this.#closed.add(new DeltaSegment({ firstRevision, lastRevision, count, keys, chunks: this.#open.finish() }));
      this.#open = new DeltaEncoder();
    }
  }

  /** Takes the oldest segment that waits out of the buffer; the caller has to release it. */
  take(): Promise<DeltaSegment | undefined> {
    return this.#closed.take();
  }

  /**
   * Takes the oldest segments that wait out of the buffer as one delta: as many as have `limitBytes` together and no end of
   * a full between them, and at least one. The caller has to release it.
   */
  takeJoined(limitBytes: number): Promise<WaitingDelta | undefined> {
    return this.#closed.takeJoined(limitBytes);
  }

  /** Lets events wait unencoded from now on, until they are due, {@link cutAt} or {@link endHold}. */
  hold(): void {
    if (this.#held === undefined) {
      this.#held = [];
      this.#heldSince = this.#clock.monotonic();
    }
  }

  /** Ends a hold without a cut. */
  endHold(): void {
    this.#encodeHeld();
    this.#held = undefined;
  }

  /**
   * Ends a hold: events up to `revision` and those after it go into different deltas, also when the former are
   * still to come, or wait as one. Returns `too late` when a delta that reaches across it was taken already.
   */
  cutAt(revision: Revision): 'cut' | 'too late' {
    if (this.#open.firstRevision <= revision && this.#open.lastRevision > revision) {
      this.#closeOpen();
    }
    this.#closed.cutAt(revision);
    this.#boundary = revision;
    this.endHold();
    return this.#closed.wasTakenBeyond(revision) ? 'too late' : 'cut';
  }

  /**
   * A full ends at `revision`. What is buffered up to there is still written, as the end of the chain before, so that each of its
   * revisions can be restored. Where the store is so slow that deltas wait in files, the full takes their place: all up to there
   * are discarded, what arrives later, too. Resolves when their files are gone.
   */
  async coverUpTo(revision: Revision): Promise<void> {
    this.#covered = revision;
    this.#leases.forget();
    if (!this.#closed.hasInFilesUpTo(revision)) {
      return;
    }
    this.#dropped = revision;
    const superfluous = this.#closed.removeUpTo(revision);
    if (this.#open.count > 0 && this.#open.lastRevision <= revision) {
      this.#open = new DeltaEncoder();
    }
    this.#last = greater(this.#last, revision);
    await release(superfluous);
  }

  /** Discards everything: a new history begins, in which revisions are counted again. */
  async restart(): Promise<void> {
    this.#covered = undefined;
    this.#dropped = undefined;
    this.#boundary = undefined;
    this.#closed.restart();
    this.#leases.forget();
    await this.clear();
  }

  /** Discards everything: a full takes over, and the next event may have any revision after it. */
  async clear(): Promise<void> {
    const closed = this.#closed.removeAll();
    this.#open = new DeltaEncoder();
    this.#held = this.#held === undefined ? undefined : [];
    this.#heldSize = 0;
    this.#last = undefined;
    await release(closed);
  }

  #encodeHeld(): void {
    const held = this.#held ?? [];
    if (held.length > 0) {
      this.#held = [];
      this.#heldSize = 0;
      for (const { event, time } of held) {
        this.#encode(event, time);
      }
    }
  }

  #encode(event: DeltaEvent, time: EventTime): void {
    const { modRevision } = event;
    if (this.#dropped !== undefined && modRevision <= this.#dropped) {
      return;
    }
    if (this.#boundary !== undefined && modRevision > this.#boundary) {
      this.#boundary = undefined;
      this.close();
    }
    this.#requireContinuity(modRevision);
    this.#open.append(event, time);
    const ttl = event.type === 'put' && event.lease !== 0n ? this.#leases.of(event.lease) : undefined;
    if (event.type === 'put' && ttl !== undefined) {
      this.#open.recordLeaseTtl(event.lease, ttl);
    }
    this.#last = modRevision;
  }

  #recordTtls(ttls: Iterable<readonly [bigint, number]>): void {
    for (const [lease, seconds] of ttls) {
      this.#open.recordLeaseTtl(lease, seconds);
    }
  }

  /** Throws where a revision is missing: readers could not see that a delta lacks one. */
  #requireContinuity(revision: Revision): void {
    const last = this.#last ?? this.#covered;
    // The first event of a watch may come after a full that holds it already: a slow watch, a full that is soon read.
    const isBeforeCovered = this.#last === undefined && last !== undefined && revision <= last;
    // A full may hold what a compaction removed.
    const continuesFull = this.#covered !== undefined && revision === this.#covered + 1;
    if (last !== undefined && revision !== last && revision !== last + 1 && !isBeforeCovered && !continuesFull) {
      throw new Failure({
        code: 'delta_gap',
        action: 'buffer',
        object: `an event of revision ${revision}`,
        found: `it came after revision ${last}`,
        remedy: 'start again with a full snapshot',
      });
    }
  }

  async #divideAtLimit(): Promise<void> {
    if (this.#openSize < this.#limit) {
      return;
    }
    this.close();
    for (const wake of this.#waiters) {
      wake();
    }
    await this.#closed.spill(this.#spool);
  }
}

function greater(a: Revision | undefined, b: Revision): Revision {
  return a !== undefined && a > b ? a : b;
}

async function release(segments: readonly DeltaSegment[]): Promise<void> {
  for (const segment of segments) {
    await segment.release();
  }
}
