import type { Readable } from 'node:stream';
import type { Clock } from '../../runtime/clock.ts';
import {
  type RetryOptions,
  type RetryPolicy,
  requestRetries,
  retryTransient,
  shortRetries,
} from '../retry-transient.ts';
import { StoreError } from '../store-error.ts';
import { openBody, type RawBody } from './object-body.ts';
import { type RequestBounds, withDeadline } from './request-deadline.ts';
import { type Hearing, Silence, type SilenceBounds } from './silence.ts';

/** How long requests may take, and how they are tried again. */
export interface RequestTimeouts {
  /** One request without much data: a page of a listing, a head, a delete, the first byte of a read; ms. */
  readonly requestMs: number;
  /** The upload of one part, ms. */
  readonly partMs: number;
  /** A body that delivers nothing, or less than 64 KiB, while its reader waits, ms. */
  readonly stallMs: number;
  /** For requests that may be done twice. */
  readonly retries: RetryPolicy;
  /** For opening a body, which its reader asks for again. Left out: {@link retries}. */
  readonly openRetries?: RetryPolicy;
  /** For reads, and for parts of uploads, of a store that is silent. Left out: {@link readSilence} and {@link partSilence}. */
  readonly silence?: { readonly reads: SilenceBounds; readonly parts: SilenceBounds };
  /** Told of each failure that is followed by another try, except of the opening of a body. */
  readonly onRetry?: RetryOptions['onRetry'];
}

/** For real services. */
export const defaultTimeouts: RequestTimeouts = {
  requestMs: 60_000,
  partMs: 180_000,
  stallMs: 60_000,
  retries: requestRetries,
  openRetries: shortRetries,
};

/** A read is tried for this long, and then two others for ten seconds each. */
const readSilence: SilenceBounds = { afterMs: 300_000, thenMs: 10_000 };

/** A part may be large, and the way slow. */
const partSilence: SilenceBounds = { afterMs: 900_000, thenMs: 60_000 };

/** One request: what it does, to what, and whether it may be sent again without harm. */
export interface StoreTask {
  /** As it reads after "cannot". */
  readonly action: string;
  readonly object: string;
  readonly signal: AbortSignal;
  readonly retry: 'safe' | 'never';
  /** Left out: that of a request without much data. */
  readonly deadlineMs?: number;
}

/** What requests are made with. */
export interface StoreRequestsOptions {
  readonly clock: Clock;
  readonly timeouts: RequestTimeouts;
  /** Turns what an SDK threw into the error callers know. */
  readonly translate: (error: unknown, task: StoreTask) => StoreError;
}

/**
 * Requests to a store through an SDK that has no deadlines and does not retry what may be retried.
 * What it throws is a {@link StoreError} or the reason of the task's signal.
 */
export class StoreRequests {
  readonly clock: Clock;
  readonly timeouts: RequestTimeouts;
  readonly #translate: StoreRequestsOptions['translate'];
  readonly #reads: Silence;
  readonly #parts: Silence;

  constructor({ clock, timeouts, translate }: StoreRequestsOptions) {
    this.clock = clock;
    this.timeouts = timeouts;
    this.#translate = translate;
    const { reads, parts } = timeouts.silence ?? { reads: readSilence, parts: partSilence };
    this.#reads = new Silence('read', { clock, bounds: reads });
    this.#parts = new Silence('upload of a part', { clock, bounds: parts });
  }

  /** Runs `call`, again while its failures are transient and the task may be retried. The call's signal ends the request. */
  async run<T>(task: StoreTask, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { retries: policy, onRetry } = this.timeouts;
    const how = { policy, ...(onRetry !== undefined && { onRetry }) };
    return await this.#retry(task, how, async () => {
      if (task.deadlineMs === undefined) {
        return await withDeadline(this.#bounds(task), call);
      }
      const hearing = this.#parts.begin(task);
      return await withDeadline(this.#bounds(task, hearing), heard(hearing, call));
    });
  }

  /** Like {@link run}, for a body that is streamed. Its reader, who asks for it again, says so. */
  async stream(task: StoreTask, open: (signal: AbortSignal) => Promise<RawBody>): Promise<Readable> {
    const { stallMs, retries, openRetries = retries } = this.timeouts;
    return await this.#retry(task, { policy: openRetries }, async () => {
      const hearing = this.#reads.begin(task);
      const bounds = this.#bounds(task, hearing);
      const body = await openBody({
        ...bounds,
        stallMs: hearing.within(stallMs),
        open: refusable(hearing, open),
      });
      // A store may send a beginning and no more.
      body.once('end', () => hearing.answered());
      return body;
    });
  }

  async #retry<T>(
    { retry, signal }: StoreTask,
    how: Pick<RetryOptions, 'policy' | 'onRetry'>,
    attempt: () => Promise<T>,
  ): Promise<T> {
    return retry === 'never' ? await attempt() : await retryTransient(attempt, { clock: this.clock, signal, ...how });
  }

  #bounds(task: StoreTask, hearing?: Hearing): RequestBounds {
    const translate = (error: unknown): StoreError => this.#translate(error, task);
    const usualMs = task.deadlineMs ?? this.timeouts.requestMs;
    return {
      signal: task.signal,
      deadlineMs: hearing?.within(usualMs) ?? usualMs,
      translate: hearing === undefined ? translate : (error) => hearing.failed(error, translate(error)),
    };
  }
}

/** A request whose success is an answer. */
function heard<T>(hearing: Hearing, call: (signal: AbortSignal) => Promise<T>): typeof call {
  const request = refusable(hearing, call);
  return async (signal) => {
    const result = await request(signal);
    hearing.answered();
    return result;
  };
}

/** A request that throws a {@link StoreError} itself about what was answered, which is not translated. */
function refusable<T>(hearing: Hearing, call: (signal: AbortSignal) => Promise<T>): typeof call {
  return async (signal) => {
    try {
      return await call(signal);
    } catch (error) {
      if (error instanceof StoreError) {
        hearing.answered();
      }
      throw error;
    }
  };
}
