import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { pipeline, type Readable } from 'node:stream';
import { SharedBufferHttpAgent, SharedBufferHttpsAgent } from './shared-buffer-agents.ts';

/** One request. */
export interface HttpRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable | Buffer | string | undefined;
  /** Ends the request, and the body of its response, at any time. */
  readonly signal: AbortSignal;
}

/**
 * Kept-alive connections that belong to one bucket and end with it. For SDKs whose own transport can neither be cancelled nor
 * closed: their requests are sent here instead.
 */
export class HttpConnections {
  readonly #http = new SharedBufferHttpAgent({ keepAlive: true });
  readonly #https = new SharedBufferHttpsAgent({ keepAlive: true });

  /** Sends a request; resolves with the head of its response, of any status. */
  async send({ url, body, ...settings }: HttpRequest): Promise<IncomingMessage> {
    settings.signal.throwIfAborted();
    const request = url.startsWith('https:')
      ? requestHttps(url, { ...settings, agent: this.#https })
      : requestHttp(url, { ...settings, agent: this.#http });
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    request.once('response', resolve);
    request.on('error', reject);
    if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) {
      request.end(body);
    } else {
      // An error of the source destroys the request, which reports it.
      pipeline(body, request, () => {});
    }
    return await promise;
  }

  /** Ends all connections. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}
