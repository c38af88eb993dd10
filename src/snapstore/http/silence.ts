import type { Clock } from '../../runtime/clock.ts';
import { countText } from '../../runtime/log/amount.ts';
import { StoreError } from '../store-error.ts';
import { BodyDripped } from './body-fault.ts';
import { DeadlineExceeded } from './request-deadline.ts';
import type { StoreAction } from './request-error.ts';

/** How long a store that takes requests of one kind and never answers is waited for, however many there are. */
export interface SilenceBounds {
  /** After so long without an answer no request is tried again, ms. */
  readonly afterMs: number;
  /** The time of each request from then on, ms. */
  readonly thenMs: number;
}

/** So many that were given {@link SilenceBounds.thenMs} and not answered either: further ones are not sent at all. */
const mostShort = 2;

/** Without any request for so long, the silence of those before says nothing any more, ms. */
const forgottenAfterMs = 60_000;

/** One request, for {@link Silence}. */
export interface Hearing {
  /** The time for something that usually gets so much, ms. */
  within(usualMs: number): number;
  /** The store has answered. */
  answered(): void;
  /** It ended with this error; gives the one that callers get for it. */
  failed(error: unknown, translated: StoreError): StoreError;
}

/**
 * Knows for how long a store has answered no request of one kind. A store that takes requests and is silent costs each of them its whole
 * time; an object may be so alone, as where the machine that holds it is gone, so that others are asked for all the same, but not as long.
 */
export class Silence {
  readonly #what: string;
  readonly #clock: Clock;
  readonly #bounds: SilenceBounds;
  #since: number | undefined;
  #lastAt = 0;
  #short = 0;

  /** `what` is what was asked for, as in "has answered no read". */
  constructor(what: string, { clock, bounds }: { readonly clock: Clock; readonly bounds: SilenceBounds }) {
    this.#what = what;
    this.#clock = clock;
    this.#bounds = bounds;
  }

  /** Before a request. Throws a lasting {@link StoreError} where it is not worth sending. */
  begin({ action, object }: StoreAction): Hearing {
    const begunAt = this.#clock.monotonic();
    if (begunAt - this.#lastAt > forgottenAfterMs) {
      this.#since = undefined;
    }
    const isShort = this.#isLong();
    if (!isShort) {
      this.#short = 0;
    } else if (this.#short >= mostShort) {
      throw new StoreError('transient', { action, object, found: this.#found(), remedy, isLasting: true });
    }
    return {
      within: (usualMs) => (isShort ? Math.min(usualMs, this.#bounds.thenMs) : usualMs),
      answered: () => this.#answered(),
      failed: (error, translated) => {
        if (!(error instanceof DeadlineExceeded || error instanceof BodyDripped)) {
          this.#answered();
          return translated;
        }
        this.#since ??= begunAt;
        this.#lastAt = this.#clock.monotonic();
        this.#short += isShort ? 1 : 0;
        const found = `${translated.foundText}, and ${this.#found()}`;
        return this.#isLong()
          ? new StoreError('transient', { action, object, found, remedy, isLasting: true, cause: translated.cause })
          : translated;
      },
    };
  }

  #answered(): void {
    this.#since = undefined;
    this.#short = 0;
  }

  #isLong(): boolean {
    return this.#since !== undefined && this.#lastAt - this.#since >= this.#bounds.afterMs;
  }

  #found(): string {
    const minutes = Math.round((this.#lastAt - (this.#since ?? this.#lastAt)) / 60_000);
    return `the store has answered no ${this.#what} for ${countText(Math.max(1, minutes), 'minute')}`;
  }
}

const remedy = 'check the store, and what is between it and this machine: requests are taken, and no answer comes';
