import type { Readable } from 'node:stream';
import * as z from 'zod';
import type { Clock } from '../../../runtime/clock.ts';
import type { ListOptions } from '../../bucket.ts';
import { bodyLength } from '../../http/body-length.ts';
import { checkRangeAnswer } from '../../http/check-range-answer.ts';
import { checkWholeAnswer } from '../../http/check-whole-answer.ts';
import { describeAnswer, ForeignAnswer, isPage } from '../../http/foreign-answer.ts';
import { listedTime } from '../../http/listed-time.ts';
import { ListingCheck } from '../../http/listing-check.ts';
import type { RawBody } from '../../http/object-body.ts';
import { PageTokens } from '../../http/page-tokens.ts';
import { provesNothing, requestError, type StoreAction } from '../../http/request-error.ts';
import { type RequestTimeouts, StoreRequests } from '../../http/store-requests.ts';
import type { WantedRange } from '../../range-answer.ts';
import { StoreError } from '../../store-error.ts';
import type { KeystoneLogin, SwiftToken } from './keystone-login.ts';
import type { PkgcloudTransport, SwiftBodyResponse, SwiftRequest, SwiftResponse } from './pkgcloud-transport.ts';
import { swiftStatusError } from './swift-error.ts';

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
    bytes: z.int().nonnegative(),
    hash: z.string(),
    // ISO 8601 in UTC with microseconds, without a zone.
    last_modified: z.string(),
  }),
);

/** The same of a listing with a delimiter, which shows a folder in the place of what is in it. */
const folderPageSchema = z.array(z.union([z.object({ subdir: z.string() }), z.object({ name: z.string() })]));

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
    this.#requests = new StoreRequests({ ...parts, translate: requestError });
  }

  get clock(): Clock {
    return this.#requests.clock;
  }

  get timeouts(): RequestTimeouts {
    return this.#requests.timeouts;
  }

  /** The action for messages: what is done to an object, or to the container where there is no key. */
  describe(action: string, key?: string): StoreAction {
    return { action, object: key === undefined ? this.location : `${this.location}/${key}` };
  }

  /** Sends a request to an object, or to the container where the key is undefined. Throws unless the answer is a success. */
  async send(
    what: StoreAction,
    request: Omit<SwiftRequest, 'path'> & { readonly key: string | undefined; readonly query?: string },
    options: { readonly signal: AbortSignal; readonly retry?: 'never'; readonly deadlineMs?: number },
  ): Promise<SwiftResponse> {
    const { key, query = '', ...rest } = request;
    const path = `${this.#path(key)}${query}`;
    let tries = 0;
    return await this.#requests.run({ ...what, retry: 'safe', ...options }, async (signal) => {
      tries += 1;
      const answer = await this.#withToken((token) => this.#transport.send({ ...rest, path }, { token, signal }));
      if (isRefusalOfAnother(answer)) {
        throw foreignAnswer(answer);
      }
      // An earlier try of a delete may have arrived although its answer did not.
      if (!isSuccess(answer.status) && !(answer.status === 404 && rest.method === 'DELETE' && tries > 1)) {
        throw swiftStatusError(answer, what);
      }
      if (isSuccess(answer.status) && !isOfSwift(answer)) {
        throw foreignAnswer(answer);
      }
      return answer;
    });
  }

  /** Opens an object's body. */
  async open(
    what: StoreAction,
    key: string,
    {
      signal,
      part,
      size,
    }: {
      readonly signal: AbortSignal;
      readonly part: WantedRange | undefined;
      /** As it was listed. */
      readonly size?: number | undefined;
    },
  ): Promise<Readable> {
    const headers = part === undefined ? {} : { Range: `bytes=${part.range.start}-${part.range.end - 1}` };
    const request: SwiftRequest = { method: 'GET', path: this.#path(key), headers };
    return await this.#requests.stream({ ...what, signal, retry: 'safe' }, async (abort) => {
      const opening = await this.#withToken(async (token) => {
        const answer = await this.#transport.open(request, { token, signal: abort });
        if (!isSuccess(answer.status)) {
          answer.stream.destroy();
        }
        return answer;
      });
      const length = bodyLength(opening.headers);
      if (part === undefined) {
        const told = length ?? (await this.#lengthOf(what, key, abort)) ?? size;
        const whole = rawBody(opening, { what, request, length: told });
        checkWholeAnswer({ encoding: opening.headers['content-encoding'], length: told }, { size }, whole, what);
        return whole;
      }
      const body = rawBody(opening, { what, request, length: length ?? part.range.end - part.range.start });
      const { 'content-range': contentRange, etag } = opening.headers;
      return { ...body, length: checkRangeAnswer({ contentRange, length, tag: etag }, part, body, what) };
    });
  }

  /** All objects below a prefix, page after page: a page never says that it is the last one, an empty one is. */
  async *list(prefix: string, { signal, onDoubt }: ListOptions): AsyncGenerator<SwiftListed> {
    const pages = this.#pages(
      { prefix },
      { signal, action: 'list', parse: (answer) => parsePage(answer, this.clock), markOf: ({ key }) => key },
    );
    const asked = new ListingCheck({ bucket: this.container, prefix }, this.location);
    for await (const page of pages) {
      asked.page({ keys: page.map(({ key }) => key), isTruncated: page.length > 0 });
      yield* page.filter(({ key }) => key.startsWith(prefix));
    }
    if (asked.doubt !== undefined) {
      onDoubt?.(asked.doubt);
    }
  }

  /** The folders directly in `folder`. */
  async *folders(folder: string, { signal }: { readonly signal: AbortSignal }): AsyncGenerator<string> {
    const pages = this.#pages(
      { prefix: folder, delimiter: '/' },
      {
        signal,
        action: 'list the folders in',
        parse: (answer) => folderPageSchema.safeParse(jsonOf(answer)).data,
        markOf: (item) => ('subdir' in item ? item.subdir : item.name),
      },
    );
    for await (const page of pages) {
      yield* page.flatMap((item) => ('subdir' in item ? item.subdir : []));
    }
  }

  async *#pages<Item>(
    asked: Readonly<Record<string, string>>,
    how: {
      readonly action: string;
      readonly signal: AbortSignal;
      readonly parse: (answer: SwiftResponse) => readonly Item[] | undefined;
      readonly markOf: (item: Item) => string;
    },
  ): AsyncGenerator<readonly Item[]> {
    const { action, signal, parse, markOf } = how;
    const what = this.describe(action);
    const tokens = new PageTokens(what);
    for (let marker: string | undefined = ''; marker !== undefined; ) {
      const query = `?${new URLSearchParams({ format: 'json', ...asked, marker })}`;
      const answer = await this.send(what, { method: 'GET', key: undefined, query }, { signal }).catch(
        (error: unknown) => {
          throw error instanceof StoreError && error.kind === 'not_found' ? this.goneError(what) : error;
        },
      );
      const page = parse(answer);
      if (page === undefined || !isOfContainer(answer)) {
        throw requestError(foreignAnswer(answer), what);
      }
      yield page;
      const last = page.at(-1);
      marker = tokens.next({ more: last !== undefined, token: last === undefined ? undefined : markOf(last) });
    }
  }

  /** The error for an absent container. */
  goneError({ action, object }: StoreAction): StoreError {
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

  /** For answers that something on the way has cut into pieces without their length. */
  async #lengthOf(what: StoreAction, key: string, signal: AbortSignal): Promise<number | undefined> {
    const answer = await this.send(what, { method: 'HEAD', key }, { signal });
    return bodyLength(answer.headers);
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

/** Swift numbers its transactions, and every object and segment has an ETag. */
function isOfSwift({ headers }: Pick<SwiftResponse, 'headers'>): boolean {
  return ['x-trans-id', 'x-openstack-request-id', 'etag'].some((name) => headers[name] !== undefined);
}

/** Whether a listing comes from Swift. An ETag, which objects have, any list of JSON may have. */
function isOfContainer({ headers }: Pick<SwiftResponse, 'headers'>): boolean {
  return ['x-trans-id', 'x-openstack-request-id', 'x-container-object-count'].some(
    (name) => headers[name] !== undefined,
  );
}

/** A redirection, or a page that says of something that it is not there: Swift did not say it. */
function isRefusalOfAnother({ status, headers }: Pick<SwiftResponse, 'status' | 'headers'>): boolean {
  const isPageOrMoved = status < 400 || isPage({ contentType: headers['content-type'], text: undefined });
  return !isSuccess(status) && provesNothing(status) && isPageOrMoved && !isOfSwift({ headers });
}

function foreignAnswer({
  status,
  headers,
  body,
}: Pick<SwiftResponse, 'status' | 'headers'> & { readonly body?: Buffer }) {
  const text = body?.toString('utf8', 0, 4096);
  const sent = describeAnswer({ status, contentType: headers['content-type'], text, location: headers.location });
  return new ForeignAnswer({ service: 'Swift', endpoint: "the address that Keystone's catalogue names", sent });
}

function rawBody(
  { status, headers, stream }: SwiftBodyResponse,
  {
    what,
    request,
    length,
  }: { readonly what: StoreAction; readonly request: SwiftRequest; readonly length: number | undefined },
): RawBody {
  const wanted = request.headers?.['Range'] === undefined ? 200 : 206;
  if (isSuccess(status) && !isOfSwift({ headers })) {
    stream.destroy();
    throw foreignAnswer({ status, headers });
  }
  if (status === wanted && length !== undefined) {
    return { stream, length };
  }
  stream.destroy();
  if (isRefusalOfAnother({ status, headers })) {
    throw foreignAnswer({ status, headers });
  }
  throw isSuccess(status)
    ? new StoreError('invalid', { ...what, found: `the store answered ${status} without what was asked for` })
    : swiftStatusError({ status, headers, body: Buffer.alloc(0) }, what);
}

function parsePage(answer: SwiftResponse, clock: Clock): readonly SwiftListed[] | undefined {
  return pageSchema.safeParse(jsonOf(answer)).data?.map(({ name, bytes, hash, last_modified: modified }) => ({
    key: name,
    size: bytes,
    md5: hash,
    modifiedAt: listedTime(Date.parse(`${modified}Z`), clock),
  }));
}

/** Undefined for what is no JSON. */
function jsonOf({ status, body }: SwiftResponse): unknown {
  // An empty listing may come as 204 without a body.
  if (status === 204) {
    return [];
  }
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
