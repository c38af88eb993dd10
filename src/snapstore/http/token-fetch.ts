import { once } from 'node:events';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { storeAgents } from './store-agents.ts';
import type { StoreNetwork } from './store-network.ts';

/** Bytes of an answer of a token service, at most. */
const mostBytes = 4 * 1024 * 1024;

/**
 * `fetch` for token services: through the proxy of the network, trusting what it trusts, over a connection that is not kept.
 * Redirects are not followed, because they would carry the secret to wherever they point. Bodies are texts. An answer of
 * more than 4 MiB is an error.
 */
export function tokenFetch(network: StoreNetwork): typeof fetch {
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = Object.fromEntries(new Headers(init.headers));
    const agents = storeAgents({ network, keepAlive: false });
    const options = { method: init.method ?? 'GET', headers, ...(init.signal ? { signal: init.signal } : {}) };
    const request =
      url.protocol === 'https:'
        ? requestHttps(url, { ...options, agent: agents.https })
        : requestHttp(url, { ...options, agent: agents.http });
    request.end(init.body === undefined || init.body === null ? undefined : String(init.body));
    const [response]: IncomingMessage[] = await once(request, 'response');
    if (response === undefined) {
      throw new Error('a response without its message');
    }
    const body = await bodyOf(response);
    const status = response.statusCode ?? 0;
    const answer = new Headers();
    for (const [name, values] of Object.entries(response.headersDistinct)) {
      for (const value of values ?? []) {
        answer.append(name, value);
      }
    }
    // Of these, Response takes no body.
    return new Response([101, 204, 205, 304].includes(status) ? null : body, { status, headers: answer });
  };
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of response) {
    pieces.push(piece);
    size += piece.length;
    if (size > mostBytes) {
      throw new Error(`the answer of the token service is longer than ${mostBytes} bytes`);
    }
  }
  return Buffer.concat(pieces);
}
