import type { Readable } from 'node:stream';
import type { Clock } from '../../runtime/clock.ts';
import { retryTransient } from '../retry-transient.ts';
import type { StoreError } from '../store-error.ts';
import { openBody, type RawBody } from './object-body.ts';
import { callStore, partDeadlineMs, requestDeadlineMs, type StoreCall, stallDeadlineMs } from './store-call.ts';

/** How long requests may take and how they are tried again; tests shorten it. */
export interface Patience {
  readonly requestMs: number;
  readonly partMs: number;
  readonly stallMs: number;
  /** Waits between tries of a request that may be done twice, ms. */
  readonly retryDelaysMs: readonly number[];
}

/** For real services. */
export const defaultTimeouts: Patience = {
  requestMs: requestDeadlineMs,
  partMs: partDeadlineMs,
  stallMs: stallDeadlineMs,
  retryDelaysMs: [500, 1000, 2000],
};

/** What is asked of a store: what for, on what, and whether it may be asked again without harm. */
export interface StoreTask {
  /** As it reads after "cannot". */
  readonly action: string;
  readonly object: string;
  readonly signal: AbortSignal;
  readonly retry: 'safe' | 'never';
  /** Default: that of a request without much data. */
  readonly deadlineMs?: number;
}

/** What a session is made of. */
export interface StoreSessionOptions {
  readonly clock: Clock;
  readonly patience: Patience;
  /** Turns what an SDK threw into the error callers know. */
  readonly translate: (error: unknown, task: StoreTask) => StoreError;
}

/**
 * Asks a store through an SDK that neither has deadlines nor retries what may be retried.
 * What it throws is a {@link StoreError} or the reason of the task's signal.
 */
export class StoreSession {
  readonly clock: Clock;
  readonly patience: Patience;
  readonly #translate: StoreSessionOptions['translate'];

  constructor({ clock, patience, translate }: StoreSessionOptions) {
    this.clock = clock;
    this.patience = patience;
    this.#translate = translate;
  }

  /** Runs `call`, once or until it is done. Its signal ends the request. */
  async run<T>(task: StoreTask, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return await this.#retry(task, () => callStore(this.#bounds(task), call));
  }

  /** Like {@link run}, for a body that is streamed. */
  async stream(task: StoreTask, open: (signal: AbortSignal) => Promise<RawBody>): Promise<Readable> {
    const { stallMs } = this.patience;
    return await this.#retry(task, () => openBody({ ...this.#bounds(task), stallMs, open }));
  }

  async #retry<T>({ retry, signal }: StoreTask, attempt: () => Promise<T>): Promise<T> {
    const delaysMs = retry === 'safe' ? this.patience.retryDelaysMs : [];
    return await retryTransient(attempt, { clock: this.clock, signal, delaysMs });
  }

  #bounds(task: StoreTask): StoreCall {
    return {
      signal: task.signal,
      deadlineMs: task.deadlineMs ?? this.patience.requestMs,
      translate: (error) => this.#translate(error, task),
    };
  }
}
