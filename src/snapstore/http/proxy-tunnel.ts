import { type ClientRequest, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIPv6, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { boundConnecting, ConnectTimeout } from './connect-deadline.ts';
import { boundInformationalAnswers } from './informational-answers.ts';
import { ProxyFault } from './proxy-fault.ts';
import type { HttpProxy } from './proxy-rules.ts';

/** A tunnel through a proxy. */
export interface TunnelRequest {
  readonly proxy: HttpProxy;
  readonly host: string;
  readonly port: number;
  /** What the proxy's own certificate is checked with, where it is reached by https. */
  readonly trust: () => SecureContext;
  /** The request that the tunnel is for: when it ends, nothing of the tunnel is left. */
  readonly of: ClientRequest;
  /** How long the proxy may take, ms. */
  readonly ms: number;
}

/** How often is looked whether the request has ended that a tunnel is for, ms. */
const lookMs = 200;

/** Has a proxy open a tunnel. Node reads its answer, which so has a limit. Throws a {@link ProxyFault}. */
export async function openTunnel({ proxy, host, port, trust, of, ms }: TunnelRequest): Promise<Socket> {
  const { url } = proxy;
  const target = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const options = {
    method: 'CONNECT',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    path: target,
    agent: false,
    headers: { host: target, connection: 'keep-alive', 'proxy-connection': 'keep-alive', ...authorizationOf(url) },
  };
  const asked =
    url.protocol === 'https:'
      ? requestSecurely(url, options, trust)
      : requestHttp({ ...options, port: url.port || 80 });
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  boundInformationalAnswers(asked);
  boundConnecting(asked, url.host, ms);
  asked.once('error', (error) => reject(new ProxyFault(proxy, error)));
  asked.once('connect', ({ statusCode = 0 }: IncomingMessage, socket: Socket, begun: Buffer) => {
    if (statusCode !== 200) {
      socket.destroy();
      reject(new ProxyFault(proxy, statusCode));
      return;
    }
    if (begun.length > 0) {
      socket.unshift(begun);
    }
    resolve(socket);
  });
  const timer = setTimeout(() => {
    asked.destroy(new ConnectTimeout(`there was no answer within ${ms / 1_000} s`));
  }, ms);
  // A request that has no socket yet says nothing when it is ended.
  const looking = setInterval(() => {
    if (of.destroyed) {
      asked.destroy(new Error('the request for the tunnel was ended'));
    }
  }, lookMs);
  asked.end();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    clearInterval(looking);
  }
}

function requestSecurely(url: URL, options: RequestOptions, trust: () => SecureContext): ClientRequest {
  const secured = { ...options, port: url.port || 443, secureContext: trust() };
  return requestHttps(secured);
}

function authorizationOf({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '' && password === '') {
    return {};
  }
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(text).toString('base64')}` };
}
