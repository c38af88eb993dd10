import type { Revision } from '../revision.ts';
import type { Clock } from '../runtime/clock.ts';
import { Failure } from '../runtime/failure.ts';
import { untilAborted } from '../runtime/until-aborted.ts';
import { DeltaEncoder } from '../snapshot/delta/delta-encoder.ts';
import { type EventTime, eventTimeOf } from '../snapshot/delta/event-time.ts';
import type { DeltaEvent } from '../snapshot/delta-event.ts';

/** Events that become one delta; whole transactions only. */
export interface DeltaSegment {
  readonly firstRevision: Revision;
  readonly lastRevision: Revision;
  /** Number of events. */
  readonly count: number;
  /** The uncompressed object, hash included. */
  readonly chunks: readonly Uint8Array[];
  /** Bytes of all chunks. */
  readonly size: number;
}

/** Rough memory of an event that waits unencoded, beside its key and value, bytes. */
const eventOverhead = 256;

interface WaitingEvent {
  readonly event: DeltaEvent;
  readonly time: EventTime;
}

/**
 * Gathers events until they are written as deltas. They are encoded as they arrive. While a full snapshot is being
 * read ({@link hold}) they wait as they are, because only then is it known at which revision the full ends and
 * a new delta has to begin ({@link cutAt}). What is gathered stays below the limit by one transaction:
 * {@link add} waits for room.
 */
export class DeltaCollector {
  readonly #limit: number;
  readonly #clock: Clock;
  #open = new DeltaEncoder();
  #closed: DeltaSegment[] = [];
  #held: WaitingEvent[] | undefined;
  #heldSize = 0;
  /** Deltas must not reach across this revision. */
  #boundary: Revision | undefined;
  /** Events up to here are already in a full. */
  #covered: Revision | undefined;
  /** Revision of the newest event that was encoded. */
  #last: Revision | undefined;
  #limitReached = Promise.withResolvers<void>();
  #room = Promise.withResolvers<void>();

  constructor(options: { readonly limitBytes: number; readonly clock: Clock }) {
    this.#limit = options.limitBytes;
    this.#clock = options.clock;
  }

  /** Resolves when the limit is reached and {@link takeAll} is due. Ask anew after each of these. */
  get limitReached(): Promise<void> {
    return this.#limitReached.promise;
  }

  /** True while events wait for a full snapshot's revision. */
  get isHolding(): boolean {
    return this.#held !== undefined;
  }

  /** Bytes gathered. */
  get size(): number {
    return this.#closed.reduce((sum, { size }) => sum + size, this.#open.size + this.#heldSize);
  }

  /** Takes in whole transactions. Waits between two of them while the limit is reached; rejects when the signal aborts. */
  async add(events: readonly DeltaEvent[], signal: AbortSignal): Promise<void> {
    const time = eventTimeOf(this.#clock.now());
    let current: Revision | undefined;
    for (const event of events) {
      if (event.modRevision !== current) {
        current = event.modRevision;
        this.#noteLimit();
        while (this.size >= this.#limit) {
          await untilAborted(this.#room.promise, signal);
        }
      }
      if (this.#held === undefined) {
        this.#encode(event, time);
      } else {
        this.#held.push({ event, time });
        this.#heldSize += event.key.length + (event.type === 'put' ? event.value.length : 0) + eventOverhead;
      }
    }
    this.#noteLimit();
  }

  /** Everything that can be written now, in order; it is then no longer gathered. */
  takeAll(): readonly DeltaSegment[] {
    this.#closeOpen();
    const segments = this.#closed.splice(0);
    this.#makeRoom();
    return segments;
  }

  /** Lets events wait from now on, until {@link cutAt} or {@link endHold}. */
  hold(): void {
    this.#held ??= [];
  }

  /** Ends a hold without a cut. */
  endHold(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#heldSize = 0;
    for (const { event, time } of held) {
      this.#encode(event, time);
    }
  }

  /**
   * Ends a hold: events up to `revision` and those after it go into different deltas, also when the former are
   * still to come. Returns `too late` when a delta that reaches across may have been taken already.
   */
  cutAt(revision: Revision): 'cut' | 'too late' {
    const inTime = this.#held !== undefined && this.#open.lastRevision <= revision;
    this.#boundary = revision;
    this.endHold();
    return inTime ? 'cut' : 'too late';
  }

  /** Throws away what a full that ends at `revision` makes superfluous, now and when it arrives later. */
  coveredTo(revision: Revision): void {
    this.#covered = revision;
    this.#closed = this.#closed.filter(({ lastRevision }) => lastRevision > revision);
    if (this.#open.count > 0 && this.#open.lastRevision <= revision) {
      this.#open = new DeltaEncoder();
    }
    this.#makeRoom();
  }

  #encode(event: DeltaEvent, time: EventTime): void {
    const { modRevision } = event;
    if (this.#covered !== undefined && modRevision <= this.#covered) {
      return;
    }
    if (this.#boundary !== undefined && modRevision > this.#boundary) {
      this.#boundary = undefined;
      this.#closeOpen();
    }
    this.#requireContinuity(modRevision);
    this.#open.append(event, time);
    this.#last = modRevision;
  }

  /** A delta with a hole in it could not be told from a sound one later. */
  #requireContinuity(revision: Revision): void {
    const last = this.#last === undefined ? this.#covered : Math.max(this.#last, this.#covered ?? 0);
    if (last !== undefined && revision !== last && revision !== last + 1) {
      throw new Failure({
        code: 'delta_gap',
        action: 'collect',
        object: `an event of revision ${revision}`,
        found: `it came after revision ${last}`,
        remedy: 'start again with a full snapshot',
      });
    }
  }

  #closeOpen(): void {
    const { firstRevision, lastRevision, count } = this.#open;
    if (count > 0) {
      const chunks = this.#open.finish();
      const size = chunks.reduce((sum, { length }) => sum + length, 0);
      this.#closed.push({ firstRevision, lastRevision, count, chunks, size });
      this.#open = new DeltaEncoder();
    }
  }

  #noteLimit(): void {
    if (this.size >= this.#limit) {
      if (this.#held !== undefined) {
        this.endHold();
      }
      this.#limitReached.resolve();
    }
  }

  #makeRoom(): void {
    if (this.size < this.#limit) {
      this.#limitReached = Promise.withResolvers();
    }
    this.#room.resolve();
    this.#room = Promise.withResolvers();
  }
}
