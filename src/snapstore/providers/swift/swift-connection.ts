import type { Readable } from 'node:stream';
import * as z from 'zod';
import type { Clock } from '../../../runtime/clock.ts';
import type { RawBody } from '../../http/object-body.ts';
import { type RequestTimeouts, StoreRequests } from '../../http/store-requests.ts';
import { StoreError } from '../../store-error.ts';
import type { KeystoneLogin, SwiftToken } from './keystone-login.ts';
import type { PkgcloudTransport, SwiftBodyResponse, SwiftRequest, SwiftResponse } from './pkgcloud-transport.ts';
import { type SwiftAction, swiftNetworkError, swiftStatusError } from './swift-error.ts';

/** One object, segment or manifest, as a page of a listing shows it. */
export interface SwiftListed {
  readonly key: string;
  /** 0 for a manifest. */
  readonly size: number;
  /** Hexadecimal. */
  readonly md5: string;
  /** ms since the epoch. */
  readonly modifiedAt: number;
}

/** A page of `GET container?format=json`; see OpenStack's Object Storage API, "Show container details and list objects". */
const pageSchema = z.array(
  z.object({
    name: z.string(),
    bytes: z.number(),
    hash: z.string(),
    // ISO 8601 in UTC with microseconds, without a zone.
    last_modified: z.string(),
  }),
);

/** Requests below one container: with a token, under a deadline, repeated when that is safe, refusals as StoreErrors. */
export class SwiftConnection {
  /** For messages. */
  readonly location: string;
  readonly container: string;
  readonly #requests: StoreRequests;
  readonly #keystone: KeystoneLogin;
  readonly #transport: PkgcloudTransport;

  constructor(parts: {
    readonly container: string;
    readonly keystone: KeystoneLogin;
    readonly transport: PkgcloudTransport;
    readonly clock: Clock;
    readonly timeouts: RequestTimeouts;
  }) {
    this.container = parts.container;
    this.location = `swift://${parts.container}`;
    this.#keystone = parts.keystone;
    this.#transport = parts.transport;
    this.#requests = new StoreRequests({ ...parts, translate: swiftNetworkError });
  }

  get clock(): Clock {
    return this.#requests.clock;
  }

  get timeouts(): RequestTimeouts {
    return this.#requests.timeouts;
  }

  /** The action for messages: what is done to an object, or to the container where there is no key. */
  describe(action: string, key?: string): SwiftAction {
    return { action, object: key === undefined ? this.location : `${this.location}/${key}` };
  }

  /** Sends a request to an object, or to the container where the key is undefined. Throws unless the answer is a success. */
  async send(
    what: SwiftAction,
    request: Omit<SwiftRequest, 'path'> & { readonly key: string | undefined; readonly query?: string },
    options: { readonly signal: AbortSignal; readonly retry?: 'never'; readonly deadlineMs?: number },
  ): Promise<SwiftResponse> {
    const { key, query = '', ...rest } = request;
    const path = `${this.#path(key)}${query}`;
    let tries = 0;
    return await this.#requests.run({ ...what, retry: 'safe', ...options }, async (signal) => {
      tries += 1;
      const answer = await this.#withToken((token) => this.#transport.send({ ...rest, path }, { token, signal }));
      // An earlier try of a delete may have arrived although its answer did not.
      if (!isSuccess(answer.status) && !(answer.status === 404 && rest.method === 'DELETE' && tries > 1)) {
        throw swiftStatusError(answer, what);
      }
      return answer;
    });
  }

  /** Opens an object's body. */
  async open(
    what: SwiftAction,
    key: string,
    { signal, headers }: { readonly signal: AbortSignal; readonly headers: Readonly<Record<string, string>> },
  ): Promise<Readable> {
    const request: SwiftRequest = { method: 'GET', path: this.#path(key), headers };
    return await this.#requests.stream({ ...what, signal, retry: 'safe' }, async (abort) => {
      const opening = await this.#withToken(async (token) => {
        const answer = await this.#transport.open(request, { token, signal: abort });
        if (!isSuccess(answer.status)) {
          answer.stream.destroy();
        }
        return answer;
      });
      return rawBody(opening, what, request);
    });
  }

  /** All objects below a prefix, page after page: a page never says that it is the last one, an empty one is. */
  async *list(prefix: string, options: { readonly signal: AbortSignal }): AsyncGenerator<SwiftListed> {
    const what = this.describe('list');
    for (let marker = ''; ; ) {
      const query = `?${new URLSearchParams({ format: 'json', prefix, marker })}`;
      const { body } = await this.send(what, { method: 'GET', key: undefined, query }, options).catch(
        (error: unknown) => {
          throw error instanceof StoreError && error.kind === 'not_found' ? this.goneError(what) : error;
        },
      );
      const page = parsePage(body);
      if (page === undefined) {
        throw new StoreError('invalid', { ...what, found: 'the listing is not the JSON it should be' });
      }
      const last = page.at(-1);
      if (last === undefined) {
        return;
      }
      yield* page;
      marker = last.key;
    }
  }

  /** The error for an absent container. */
  goneError({ action, object }: SwiftAction): StoreError {
    const remedy = 'create the container, or correct --store-container and the project';
    return new StoreError('gone', { action, object, found: 'the container does not exist', remedy });
  }

  /** Ends connections and a login that is under way. */
  close(): void {
    this.#keystone.close();
    this.#transport.close();
  }

  /** Runs one request with a token; when it is refused, once more with a new one. */
  async #withToken<Answer extends { readonly status: number }>(
    request: (token: SwiftToken) => Promise<Answer>,
  ): Promise<Answer> {
    const token = await this.#keystone.token();
    const answer = await request(token);
    if (answer.status !== 401) {
      return answer;
    }
    this.#keystone.forget(token);
    return await request(await this.#keystone.token());
  }

  #path(key: string | undefined): string {
    return (key === undefined ? [this.container] : [this.container, ...key.split('/')])
      .map((segment) => `/${encodeURIComponent(segment)}`)
      .join('');
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function rawBody({ status, headers, stream }: SwiftBodyResponse, what: SwiftAction, request: SwiftRequest): RawBody {
  const wanted = request.headers?.['Range'] === undefined ? 200 : 206;
  const length = Number(headers['content-length'] ?? Number.NaN);
  if (status === wanted && Number.isSafeInteger(length)) {
    return { stream, length };
  }
  stream.destroy();
  throw isSuccess(status)
    ? new StoreError('invalid', { ...what, found: `the store answered ${status} without what was asked for` })
    : swiftStatusError({ status, headers, body: Buffer.alloc(0) }, what);
}

function parsePage(body: Buffer): SwiftListed[] | undefined {
  // An empty listing may come as 204 without a body.
  if (body.length === 0) {
    return [];
  }
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  return pageSchema.safeParse(value).data?.map(({ name, bytes, hash, last_modified: modified }) => ({
    key: name,
    size: bytes,
    md5: hash,
    modifiedAt: Date.parse(`${modified}Z`),
  }));
}
