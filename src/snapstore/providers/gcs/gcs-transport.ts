import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { limits } from '../../../runtime/limits.ts';
import { boundedText } from '../../http/bounded-text.ts';
import { HttpConnections } from '../../http/http-connections.ts';
import type { StoreNetwork } from '../../http/store-network.ts';
import { admitJson, admitMedia, foreignGcsAnswer } from './gcs-answer-guard.ts';
import { GcsErrorResponse } from './gcs-error-response.ts';
import type { Authorizer } from './google-authorizer.ts';

/** A request as the SDK hands it over, in the shape of the old `request` package. */
export interface GcsRequest {
  readonly uri: string;
  readonly method?: string;
  readonly qs?: Readonly<Record<string, unknown>>;
  readonly headers?: Headers | Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** An upload: the object's attributes, then its bytes. */
  readonly multipart?: readonly { readonly 'Content-Type': string; readonly body: string | Readable }[];
  /** Added by the caller of the SDK. */
  readonly signal?: AbortSignal;
}

/** How the SDK takes a response: first its parsed body, then itself. */
export type GcsCallback = (error: Error | null, body?: unknown, response?: unknown) => void;

/** The token at hand was refused; the next request gets a new one. */
export class TokenRefused extends Error {}

/**
 * Carries the SDK's requests in place of its own transport, which cannot be cancelled, has no deadlines, keeps timers of
 * retries, and drops the authorization of some requests. The SDK builds requests and reads responses; here they are sent, once.
 */
export class GcsTransport {
  readonly #connections: HttpConnections;
  readonly #authorizer: Authorizer;

  constructor(authorizer: Authorizer, network: StoreNetwork) {
    this.#connections = new HttpConnections(network);
    this.#authorizer = authorizer;
  }

  /**
   * Replaces `Storage.makeAuthenticatedRequest`: with a callback, a call whose response is JSON; without, a download, whose
   * stream emits `response` with the body in it.
   */
  handle(request: GcsRequest, callback: GcsCallback): undefined;
  handle(request: GcsRequest): Readable;
  handle(request: GcsRequest, callback?: GcsCallback): Readable | undefined {
    if (callback === undefined) {
      const relay = new PassThrough();
      this.#download(request).then(
        (response) => {
          relay.emit('response', Object.assign(response, { toJSON: () => ({ headers: response.headers }) }));
          relay.end();
        },
        (error) => relay.destroy(error),
      );
      return relay;
    }
    this.#call(request).then(
      ({ body, response }) => callback(null, body, response),
      (error) => callback(error),
    );
    return undefined;
  }

  /** Gets a token when there is none. Throws what the authorizer throws. */
  async authorize(): Promise<void> {
    await this.#authorizer.headers();
  }

  /** Ends all connections. */
  close(): void {
    this.#connections.close();
  }

  async #download(request: GcsRequest): Promise<IncomingMessage> {
    const response = await this.#send(request);
    admitMedia(request, response);
    return response;
  }

  async #call(request: GcsRequest): Promise<{ readonly body: unknown; readonly response: IncomingMessage }> {
    const response = await this.#send(request);
    const body = await boundedText(response, limits.storeAnswer.most);
    return { body: admitJson(request, response, body), response };
  }

  /** Resolves with a success; throws a {@link GcsErrorResponse} for any other. */
  async #send(request: GcsRequest): Promise<IncomingMessage> {
    const first = await this.#sendOnce(request);
    if (first.statusCode !== 401) {
      return await succeeded(request, first);
    }
    // A token may be revoked before it expires: a new one is tried once.
    this.#authorizer.renew();
    if (request.multipart === undefined) {
      first.resume();
      return await succeeded(request, await this.#sendOnce(request));
    }
    // The bytes are gone; only the caller can send them again.
    const refused = await succeeded(request, first).catch((error: unknown) => error);
    throw new TokenRefused('the token is not accepted any more', { cause: refused });
  }

  async #sendOnce(request: GcsRequest): Promise<IncomingMessage> {
    const { method = 'GET', signal } = request;
    if (signal === undefined) {
      throw new Error('a request of the Google Cloud Storage client came without its signal');
    }
    const authorization = await this.#authorizer.headers();
    const { body, contentType } = bodyOf(request);
    const headers = {
      ...plainHeaders(request.headers),
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
      ...(typeof body === 'string' ? { 'content-length': String(Buffer.byteLength(body)) } : {}),
      ...authorization,
    };
    return await this.#connections.send({ url: urlOf(request), method, headers, body, signal });
  }
}

async function succeeded(request: GcsRequest, response: IncomingMessage): Promise<IncomingMessage> {
  const status = response.statusCode ?? 0;
  if (status >= 400) {
    const body = await boundedText(response, limits.storeRefusal.most);
    throw new GcsErrorResponse(status, body, response.headers['retry-after']);
  }
  if (status >= 300) {
    response.resume();
    throw foreignGcsAnswer(request, response, undefined);
  }
  return response;
}

function urlOf({ uri, qs = {} }: GcsRequest): string {
  const url = new URL(uri);
  for (const [name, value] of Object.entries(qs)) {
    if (value !== undefined && value !== null) {
      url.searchParams.set(name, String(value));
    }
  }
  return url.href;
}

function plainHeaders(headers: GcsRequest['headers'] = {}): Record<string, string> {
  const entries = headers instanceof Headers ? [...headers] : Object.entries(headers);
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]));
}

function bodyOf({ json, multipart }: GcsRequest): {
  readonly body: Readable | string | undefined;
  readonly contentType?: string;
} {
  if (multipart !== undefined) {
    const boundary = randomUUID();
    return {
      body: Readable.from(related(multipart, boundary)),
      contentType: `multipart/related; boundary=${boundary}`,
    };
  }
  if (json !== undefined) {
    return { body: JSON.stringify(json), contentType: 'application/json' };
  }
  return { body: undefined };
}

/** `multipart/related` (RFC 2387), as uploads of an object and its attributes in one request have it. */
async function* related(
  parts: NonNullable<GcsRequest['multipart']>,
  boundary: string,
): AsyncGenerator<string | Buffer> {
  for (const { body, ...headers } of parts) {
    yield `--${boundary}\r\nContent-Type: ${headers['Content-Type']}\r\n\r\n`;
    if (typeof body === 'string') {
      yield body;
    } else {
      yield* body;
    }
    yield '\r\n';
  }
  yield `--${boundary}--`;
}
