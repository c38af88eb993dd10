import type { Readable } from 'node:stream';
import type { Clock } from '../../../runtime/clock.ts';
import type { RawBody } from '../../http/object-body.ts';
import { type RequestTimeouts, StoreRequests, type StoreTask } from '../../http/store-requests.ts';
import type { OssCallOptions, OssClient } from './oss-client.ts';
import { ossError } from './oss-error.ts';
import type { OssRequest } from './oss-transport.ts';

/** A client of the SDK, and its calls with deadlines and retries. */
export class OssRequests {
  readonly client: OssClient;
  readonly clock: Clock;
  readonly timeouts: RequestTimeouts;
  readonly #requests: StoreRequests;

  constructor(client: OssClient, { clock, timeouts }: { readonly clock: Clock; readonly timeouts: RequestTimeouts }) {
    this.client = client;
    this.clock = clock;
    this.timeouts = timeouts;
    this.#requests = new StoreRequests({ clock, timeouts, translate: ossError });
  }

  /** Runs `call`, which passes the given options on to the SDK. See {@link StoreRequests.run}. */
  async run<T>(task: StoreTask, call: (options: OssCallOptions) => Promise<T>): Promise<T> {
    return await this.#requests.run(task, (signal) => traced(signal, call));
  }

  /** Like {@link run}, for a body that is streamed. */
  async stream(task: StoreTask, open: (options: OssCallOptions) => Promise<RawBody>): Promise<Readable> {
    return await this.#requests.stream(task, (signal) => traced(signal, open));
  }
}

/** Gives the call a context for the transport, and its failure the cause that the SDK drops. */
async function traced<T>(signal: AbortSignal, call: (options: OssCallOptions) => Promise<T>): Promise<T> {
  const request: OssRequest = { signal };
  try {
    return await call({ ctx: () => request });
  } catch (error) {
    const failure = request.failure ?? error;
    throw failure instanceof Error ? Object.assign(failure, { retryAfter: request.retryAfter }) : failure;
  }
}
