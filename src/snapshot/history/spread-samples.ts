import type { DeltaEvent } from '../delta-event.ts';
import { type EventSample, sampleOf } from './event-sample.ts';

/** So many are kept: each is a request whenever a watch begins. */
const MOST_SAMPLES = 4;

/** A few samples of a history, spread over all of it, however long it gets. */
export class SpreadSamples {
  #kept: readonly EventSample[] = [];
  /** Revisions between two samples, at least; it doubles whenever there are too many. */
  #step = 1;
  #next = 0;

  /** In the order in which they came. */
  get kept(): readonly EventSample[] {
    return this.#kept;
  }

  /** Keeps these in place of what came before; none of them is no reason to forget that. */
  replace(samples: readonly EventSample[]): void {
    if (samples.length > 0) {
      this.#kept = samples.slice(0, MOST_SAMPLES);
      this.#step = 1;
    }
  }

  /** Takes one of some events, which have arrived in order, when that is due. */
  received(events: readonly DeltaEvent[]): void {
    const last = events.at(-1)?.modRevision ?? 0;
    if (last < this.#next) {
      return;
    }
    const event = events.find(({ type, modRevision }) => type === 'put' && modRevision >= this.#next);
    const sample = event?.type === 'put' ? sampleOf(event) : undefined;
    if (sample === undefined) {
      return;
    }
    const grown = [...this.#kept, sample];
    const isFull = grown.length > MOST_SAMPLES;
    this.#kept = isFull ? grown.filter((_, at) => at % 2 === 0) : grown;
    this.#step *= isFull ? 2 : 1;
    this.#next = sample.revision + this.#step;
  }
}
