import type { SnapshotterEvent } from './events.ts';

/**
 * How long the store has failed, as the events of one snapshotter after the other show it: a run that gives up does not end an outage, and
 * the next one that has begun does. A sidecar that does not take snapshots any more knows nothing of the store.
 */
export class OutageAge {
  readonly #now: () => number;
  /** As `now` gives it; undefined while the store works. */
  #since: number | undefined;
  /** What the newest event said, seconds. */
  #reported = 0;

  /** `now` gives ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Seconds; 0 while the store works, or is not used. */
  get seconds(): number {
    // A clock that was put back does not make it shorter than it was.
    return this.#since === undefined ? 0 : Math.max(this.#reported, (this.#now() - this.#since) / 1_000);
  }

  /** Takes the events of all runs; those of other kinds change nothing. */
  take(event: SnapshotterEvent): void {
    switch (event.type) {
      case 'outage begun':
        this.#since ??= this.#now();
        break;
      case 'outage goes on':
        this.#since ??= this.#now() - event.seconds * 1_000;
        this.#reported = Math.max(this.#reported, event.seconds);
        break;
      case 'begun':
      case 'outage ended':
        this.#over();
        break;
      case 'ended':
        if (event.outcome === 'stopped') {
          this.#over();
        }
        break;
      default:
    }
  }

  #over(): void {
    this.#since = undefined;
    this.#reported = 0;
  }
}
