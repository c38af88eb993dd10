/** How the waits between attempts grow. */
export interface BackoffPolicy {
  /** The first wait, ms. */
  readonly firstMs: number;
  /** Each wait is this many times the one before. */
  readonly multiplier: number;
  /** No wait is longer, ms. */
  readonly longestMs: number;
  /** After this many waits every wait is the longest one; left out, waits grow until they reach it. */
  readonly growingWaits?: number;
}

/** Doubles from a second to half a minute. */
export const defaultBackoff: BackoffPolicy = { firstMs: 1_000, multiplier: 2, longestMs: 30_000 };

/** The waits between attempts at one thing: longer each time, until an attempt succeeds. */
export class Backoff {
  readonly #policy: BackoffPolicy;
  #waits = 0;

  constructor(policy: BackoffPolicy) {
    this.#policy = policy;
  }

  /** How many waits there were since the last {@link reset}. */
  get waits(): number {
    return this.#waits;
  }

  /** The next wait, ms. */
  nextMs(): number {
    const { firstMs, multiplier, longestMs, growingWaits = Number.POSITIVE_INFINITY } = this.#policy;
    const grown = this.#waits < growingWaits ? firstMs * multiplier ** this.#waits : longestMs;
    this.#waits += 1;
    return Math.min(grown, longestMs);
  }

  /** Starts again with the first wait. */
  reset(): void {
    this.#waits = 0;
  }
}
