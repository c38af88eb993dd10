import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { limits } from '../../../runtime/limits.ts';
import { boundedText } from '../../http/bounded-text.ts';
import { HttpConnections } from '../../http/http-connections.ts';
import type { StoreNetwork } from '../../http/store-network.ts';
import { admitAnswer, foreignAnswer, isSuccessOf, mostOfSuccess } from './oss-answer-guard.ts';

/** One call on its way through the SDK. */
export interface OssRequest {
  readonly signal: AbortSignal;
  /** Set by the transport when there was no answer; the SDK replaces errors by its own and drops the cause. */
  failure?: unknown;
  /** Set by the transport to the header `Retry-After` of a refusal, which the SDK drops as well. */
  retryAfter?: string | undefined;
}

/** What the SDK hands to the transport it is given as `urllib`. */
export interface UrllibOptions {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly content?: string | Buffer | undefined;
  readonly stream?: Readable | undefined;
  /** True when the caller takes the body as a stream. */
  readonly customResponse?: boolean | undefined;
  /** A function, because the SDK copies plain values deeply and a copied AbortSignal is dead. */
  readonly ctx?: (() => OssRequest) | undefined;
}

/** What the SDK expects back. */
export interface UrllibAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly data: Buffer | undefined;
  readonly res: IncomingMessage;
}

/** Carries the SDK's requests, so that they can be cancelled, which its own transport cannot. */
export class OssTransport {
  readonly #connections: HttpConnections;

  constructor(network: StoreNetwork) {
    this.#connections = new HttpConnections(network);
  }

  /** What the SDK calls. */
  async request(url: string, options: UrllibOptions): Promise<UrllibAnswer> {
    const request = options.ctx?.();
    if (request === undefined) {
      throw new Error('a request of the OSS client came without its context');
    }
    try {
      const sent = await this.#send(url, options, request.signal);
      request.retryAfter = sent.headers['retry-after'];
      return sent;
    } catch (error) {
      request.failure = error;
      throw error;
    }
  }

  async #send(url: string, options: UrllibOptions, signal: AbortSignal): Promise<UrllibAnswer> {
    const { method, stream, content } = options;
    // For an IP address the SDK names the public host of the bucket, which belongs to another server.
    const { host: _, ...headers } = options.headers;
    const response = await this.#connections.send({ url, method, headers, body: stream ?? content, signal });
    const asked = { url, method };
    if (isRedirect(response) || (isSuccess(response) && !isSuccessOf(asked, response))) {
      throw foreignAnswer(asked, response, undefined);
    }
    if (options.customResponse === true && isSuccess(response)) {
      admitAnswer(asked, response, undefined);
      return answer(response, undefined);
    }
    const most = isSuccess(response) ? mostOfSuccess(asked) : limits.storeRefusal.most;
    const data = Buffer.from(await boundedText(response, most));
    if (isSuccess(response)) {
      admitAnswer(asked, response, data);
    }
    return answer(response, data);
  }

  /** Ends all connections. */
  close(): void {
    this.#connections.close();
  }
}

function isSuccess(response: IncomingMessage): boolean {
  return response.statusCode !== undefined && response.statusCode < 300;
}

function isRedirect({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 300 && statusCode < 400 && statusCode !== 304;
}

function answer(response: IncomingMessage, data: Buffer | undefined): UrllibAnswer {
  const { statusCode = 0, headers } = response;
  return { status: statusCode, headers, data: errorOfHead(response) ?? data, res: response };
}

/**
 * Answers to HEAD have no body, so the service puts its error into a header (base64 of the XML). The SDK looks there
 * only for some statuses; handed over as the body it always does, and an absent bucket differs from an absent object.
 */
function errorOfHead(response: IncomingMessage): Buffer | undefined {
  const written = response.headers['x-oss-err'];
  return typeof written === 'string' && !isSuccess(response) ? Buffer.from(written, 'base64') : undefined;
}
