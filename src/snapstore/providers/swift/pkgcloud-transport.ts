import { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import {
  createClient,
  type Request,
  type RequestOptions,
  type StorageClient,
} from 'pkgcloud/lib/pkgcloud/openstack/storage/index.js';
import { limits } from '../../../runtime/limits.ts';
import { boundedBytes } from '../../http/bounded-text.ts';
import { type StoreAgents, storeAgents } from '../../http/store-agents.ts';
import type { StoreNetwork } from '../../http/store-network.ts';
import type { SwiftToken } from './keystone-login.ts';

/** One request to Swift. */
export interface SwiftRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  /** Below the account, percent-encoded, with a query where there is one: `/container/a%20b?format=json`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** A response with all of its body. */
export interface SwiftResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A response whose body is still to come. */
export interface SwiftBodyResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly stream: Readable;
}

/** A valid token and the signal that ends the request. */
export interface SwiftSendOptions {
  readonly token: SwiftToken;
  readonly signal: AbortSignal;
}

/** Replaces pkgcloud's logins, which know neither application credentials nor a shared login. */
class NoLogin extends EventEmitter {
  token = null;
}

/**
 * Requests to Swift through pkgcloud: the one file that touches it.
 *
 * pkgcloud 2.2.0 stores corrupted bytes when it logs in during an upload, reports success for many refusals, follows redirects with
 * the token, has no timeouts, and takes a truncated body for a whole one. So only its request is used: it gets a token first and
 * never logs in, it judges no status and follows no redirect, and every response is returned with its status, and only if whole.
 */
export class PkgcloudTransport {
  readonly #client: StorageClient;
  readonly #agents: StoreAgents;

  constructor(network: StoreNetwork) {
    this.#agents = storeAgents({ network });
    this.#client = createClient({ authUrl: 'http://unused.invalid', identity: NoLogin, earlyTokenTimeout: 0 });
    this.#client.failCodes = {};
    this.#client.before.push((options) => this.#prepare(options));
  }

  /**
   * Sends a request and reads its whole response, of any status; of one that is longer than any the beginning, without waiting for its
   * end. Rejects when the response is cut off.
   */
  async send(request: SwiftRequest, { token, signal }: SwiftSendOptions): Promise<SwiftResponse> {
    const { status, headers, stream } = await this.open(request, { token, signal });
    try {
      return {
        status,
        headers,
        body: await boundedBytes(stream, status < 300 ? limits.storeAnswer.most : limits.storeRefusal.most),
      };
    } catch (error) {
      signal.throwIfAborted();
      throw Object.assign(brokenConnection(), { cause: error });
    }
  }

  /** Sends a request and gives its response as soon as the headers have come. The stream fails when the connection breaks. */
  async open(request: SwiftRequest, { token, signal }: SwiftSendOptions): Promise<SwiftBodyResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<SwiftBodyResponse>();
    const sent = this.#start(request, token);
    sent.on('error', reject);
    sent.on('response', (response: IncomingMessage) => {
      // At once: the body begins to flow in this turn of the event loop.
      const stream = new PassThrough();
      pipeline(response, stream, () => undefined);
      resolve({ status: statusOf(response), headers: response.headers, stream });
    });
    const opening = await abortable(sent, signal, promise);
    const onAbort = (): void => sent.abort();
    if (signal.aborted) {
      onAbort();
    }
    signal.addEventListener('abort', onAbort, { once: true });
    opening.stream.once('close', () => signal.removeEventListener('abort', onAbort));
    return opening;
  }

  /** Closes idle connections. */
  close(): void {
    this.#agents.close();
  }

  #start({ method, path, headers = {}, body }: SwiftRequest, token: SwiftToken): Request {
    const client = this.#client;
    // Set and used in one go, so that concurrent requests cannot take each other's token.
    client._serviceUrl = token.account;
    client._identity.token = { id: token.id, expires: new Date(8.64e15) };
    if (!client._isAuthorized()) {
      throw new Error('pkgcloud would log in by itself');
    }
    const options = {
      method,
      uri: token.account + path,
      headers: { ...headers },
      // An empty body is refused by the request package; none at all gives a content length of 0.
      ...(body !== undefined && body.length > 0 && { body: Buffer.from(body.buffer, body.byteOffset, body.length) }),
    };
    return client._request(options);
  }

  #prepare(options: RequestOptions): void {
    options.json = false;
    // Bodies as bytes, not as text.
    options.encoding = null;
    options.followRedirect = false;
    options.followAllRedirects = false;
    options.agent = this.#client._serviceUrl?.startsWith('https:') ? this.#agents.https : this.#agents.http;
  }
}

/** Rejects with the signal's reason when it aborts first, and ends the request then. */
async function abortable<T>(sent: Request, signal: AbortSignal, answer: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => {
    sent.abort();
    aborted.reject(signal.reason);
  };
  if (signal.aborted) {
    onAbort();
  }
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([answer, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function statusOf(response: IncomingMessage): number {
  return response.statusCode ?? 0;
}

function brokenConnection(): Error {
  return Object.assign(new Error('the connection broke before the end of the answer'), { code: 'ECONNRESET' });
}
