import type { Revision } from '../../../revision.ts';
import { divideSegment } from './divide-segment.ts';
import { type DeltaSegment, joinSegments, type WaitingDelta } from './segment.ts';
import type { DeltaSpool } from './spool.ts';

/** The segments that are whole and wait to be taken, oldest first: the first that is in memory stays there, others may wait in files. */
export class WaitingSegments {
  #segments: DeltaSegment[] = [];
  /** Where fulls end before which something may wait: no delta is joined across these. */
  #cuts: readonly Revision[] = [];
  /** Revision of the newest event that was taken. */
  #taken: Revision | undefined;
  /** While a segment that reaches across the end of a full is divided. */
  #dividing: Promise<void> | undefined;

  /** How many wait. */
  get count(): number {
    return this.#segments.length;
  }

  /** Bytes of them, those in files included. */
  get size(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0);
  }

  /** Whether events after `revision` wait. */
  hasBeyond(revision: Revision): boolean {
    return this.#segments.some(({ lastRevision }) => lastRevision > revision);
  }

  /** Whether the store is so slow that events up to `revision` wait in files. */
  hasInFilesUpTo(revision: Revision): boolean {
    return this.#segments.some(({ isInMemory, lastRevision }) => !isInMemory && lastRevision <= revision);
  }

  add(segment: DeltaSegment): void {
    this.#segments.push(segment);
  }

  /** Takes the oldest one out; the caller has to release it. */
  async take(): Promise<DeltaSegment | undefined> {
    await this.#dividing;
    const segment = this.#segments.shift();
    this.#taken = segment?.lastRevision ?? this.#taken;
    return segment;
  }

  /**
   * Takes the oldest ones out as one delta: as many as have `limitBytes` together and no end of a full between them, and at
   * least one. The caller has to release it.
   */
  async takeJoined(limitBytes: number): Promise<WaitingDelta | undefined> {
    const first = await this.take();
    if (first === undefined) {
      return undefined;
    }
    const taken: [DeltaSegment, ...DeltaSegment[]] = [first];
    let size = first.size;
    const fits = (next: DeltaSegment): boolean =>
      size + next.size <= limitBytes &&
      !this.#cuts.some((cut) => first.firstRevision <= cut && cut < next.lastRevision);
    for (let next = this.#segments[0]; next !== undefined && fits(next); next = this.#segments[0]) {
      taken.push(next);
      size += next.size;
      this.#taken = next.lastRevision;
      this.#segments.shift();
    }
    return joinSegments(taken);
  }

  /** Lets no delta reach across a revision, also what waits as one: that is divided, and nothing is taken meanwhile. */
  cutAt(revision: Revision): void {
    const across = this.#segments.find((each) => each.firstRevision <= revision && each.lastRevision > revision);
    if (across !== undefined) {
      this.#dividing = this.#divide(across, revision).finally(() => {
        this.#dividing = undefined;
      });
    }
    this.#cuts = [...this.#cuts.filter((cut) => cut > (this.#taken ?? 0)), revision];
  }

  /** Whether an event after `revision` was taken. */
  wasTakenBeyond(revision: Revision): boolean {
    return (this.#taken ?? 0) > revision;
  }

  /** Takes out those that end at `revision` or before; the caller has to release them. */
  removeUpTo(revision: Revision): readonly DeltaSegment[] {
    const removed = this.#segments.filter(({ lastRevision }) => lastRevision <= revision);
    this.#segments = this.#segments.filter(({ lastRevision }) => lastRevision > revision);
    return removed;
  }

  /** Takes out all; the caller has to release them. */
  removeAll(): readonly DeltaSegment[] {
    const removed = this.#segments;
    this.#segments = [];
    return removed;
  }

  /** Forgets what was cut and taken: a new history begins. */
  restart(): void {
    this.#cuts = [];
    this.#taken = undefined;
  }

  /** Moves all in memory but the first to files. Throws what {@link DeltaSegment.spill} throws. */
  async spill(spool: DeltaSpool): Promise<void> {
    const [, ...surplus] = this.#segments.filter(({ isInMemory }) => isInMemory);
    for (const segment of surplus) {
      await segment.spill(spool);
    }
  }

  async #divide(segment: DeltaSegment, revision: Revision): Promise<void> {
    // What cannot be read cannot be uploaded, either, which says so.
    const halves = await divideSegment(segment, revision).catch(() => undefined);
    const at = this.#segments.indexOf(segment);
    if (halves !== undefined && at >= 0) {
      this.#segments.splice(at, 1, ...halves);
      await segment.release();
    }
  }
}
