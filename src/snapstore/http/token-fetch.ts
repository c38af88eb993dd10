import { once } from 'node:events';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { limits } from '../../runtime/limits.ts';
import { boundedBytes } from './bounded-text.ts';
import { storeAgents } from './store-agents.ts';
import type { StoreNetwork } from './store-network.ts';

/**
 * `fetch` for token services: through the proxy of the network, trusting what it trusts, over a connection that is not kept.
 * Redirects are not followed, because they would carry the secret to wherever they point. Bodies are texts. Of an
 * answer of more than 4 MiB the beginning is given, which is no whole answer of any such service.
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
    const body = await boundedBytes(response, limits.tokenAnswer.most);
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
