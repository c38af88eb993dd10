import type { Readable } from 'node:stream';
import type { Clock } from '../../runtime/clock.ts';
import {
  type RetryOptions,
  type RetryPolicy,
  requestRetries,
  retryTransient,
  shortRetries,
} from '../retry-transient.ts';
import type { StoreError } from '../store-error.ts';
import { openBody, type RawBody } from './object-body.ts';
import { type RequestBounds, withDeadline } from './request-deadline.ts';

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

  constructor({ clock, timeouts, translate }: StoreRequestsOptions) {
    this.clock = clock;
    this.timeouts = timeouts;
    this.#translate = translate;
  }

  /** Runs `call`, again while its failures are transient and the task may be retried. The call's signal ends the request. */
  async run<T>(task: StoreTask, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { retries: policy, onRetry } = this.timeouts;
    const how = { policy, ...(onRetry !== undefined && { onRetry }) };
    return await this.#retry(task, how, () => withDeadline(this.#bounds(task), call));
  }

  /** Like {@link run}, for a body that is streamed. Its reader, who asks for it again, says so. */
  async stream(task: StoreTask, open: (signal: AbortSignal) => Promise<RawBody>): Promise<Readable> {
    const { stallMs, retries, openRetries = retries } = this.timeouts;
    return await this.#retry(task, { policy: openRetries }, () => openBody({ ...this.#bounds(task), stallMs, open }));
  }

  async #retry<T>(
    { retry, signal }: StoreTask,
    how: Pick<RetryOptions, 'policy' | 'onRetry'>,
    attempt: () => Promise<T>,
  ): Promise<T> {
    return retry === 'never' ? await attempt() : await retryTransient(attempt, { clock: this.clock, signal, ...how });
  }

  #bounds(task: StoreTask): RequestBounds {
    return {
      signal: task.signal,
      deadlineMs: task.deadlineMs ?? this.timeouts.requestMs,
      translate: (error) => this.#translate(error, task),
    };
  }
}
