import type { Readable } from 'node:stream';
import type { Clock } from '../../../runtime/clock.ts';
import { openBody, type RawBody } from '../../object-body.ts';
import { retryTransient } from '../../retry-transient.ts';
import { callStore, partDeadlineMs, requestDeadlineMs, type StoreCall, stallDeadlineMs } from '../../store-call.ts';
import type { OssCallOptions, OssClient } from './oss-client.ts';
import { ossError } from './oss-error.ts';
import type { OssRequest } from './oss-transport.ts';

/** How long requests may take and how they are tried again; tests shorten it. */
export interface OssPatience {
  readonly requestMs: number;
  readonly partMs: number;
  readonly stallMs: number;
  /** Waits between tries of a request that may be done twice, ms. */
  readonly retryDelaysMs: readonly number[];
}

/** For the real service. */
export const ossPatience: OssPatience = {
  requestMs: requestDeadlineMs,
  partMs: partDeadlineMs,
  stallMs: stallDeadlineMs,
  retryDelaysMs: [500, 1000, 2000],
};

/** One call: what for, on what, and whether the session may do it again by itself. */
export interface OssTask {
  /** As it reads after "cannot". */
  readonly action: string;
  readonly object: string;
  readonly signal: AbortSignal;
  readonly retry: 'safe' | 'never';
  /** Default: that of a request without much data. */
  readonly deadlineMs?: number;
}

/** Runs calls of the SDK with deadlines and retries; what it throws is a StoreError or the signal's reason. */
export class OssSession {
  readonly client: OssClient;
  readonly clock: Clock;
  readonly patience: OssPatience;

  constructor(client: OssClient, { clock, patience }: { readonly clock: Clock; readonly patience: OssPatience }) {
    this.client = client;
    this.clock = clock;
    this.patience = patience;
  }

  /** Runs `call`, which passes the given options on to the SDK. */
  async run<T>(task: OssTask, call: (options: OssCallOptions) => Promise<T>): Promise<T> {
    return await this.#retry(task, () => callStore(this.#bounds(task), (signal) => traced(signal, call)));
  }

  /** Like {@link run}, for a body that is streamed. */
  async stream(task: OssTask, open: (options: OssCallOptions) => Promise<RawBody>): Promise<Readable> {
    const { stallMs } = this.patience;
    return await this.#retry(task, () =>
      openBody({ ...this.#bounds(task), stallMs, open: (signal) => traced(signal, open) }),
    );
  }

  async #retry<T>({ retry, signal }: OssTask, attempt: () => Promise<T>): Promise<T> {
    const { clock, patience } = this;
    return await retryTransient(attempt, { clock, signal, delaysMs: retry === 'safe' ? patience.retryDelaysMs : [] });
  }

  #bounds(task: OssTask): StoreCall {
    return {
      signal: task.signal,
      deadlineMs: task.deadlineMs ?? this.patience.requestMs,
      translate: (error) => ossError(error, task),
    };
  }
}

/** Gives the call a context for the transport, and its failure the cause that the SDK drops. */
async function traced<T>(signal: AbortSignal, call: (options: OssCallOptions) => Promise<T>): Promise<T> {
  const request: OssRequest = { signal };
  try {
    return await call({ ctx: () => request });
  } catch (error) {
    throw request.failure ?? error;
  }
}
