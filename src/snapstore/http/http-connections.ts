import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { pipeline, type Readable } from 'node:stream';
import { type StoreAgents, storeAgents } from './store-agents.ts';
import type { StoreNetwork } from './store-network.ts';

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
  readonly #agents: StoreAgents;

  constructor(network: StoreNetwork) {
    this.#agents = storeAgents({ network });
  }

  /** Sends a request; resolves with the head of its response, of any status. */
  async send({ url, body, ...settings }: HttpRequest): Promise<IncomingMessage> {
    settings.signal.throwIfAborted();
    const request = url.startsWith('https:')
      ? requestHttps(url, { ...settings, agent: this.#agents.https })
      : requestHttp(url, { ...settings, agent: this.#agents.http });
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
    this.#agents.close();
  }
}
