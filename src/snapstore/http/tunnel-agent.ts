import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, type SecureContext, connect as tlsConnect } from 'node:tls';
import { HttpsProxyAgent } from 'https-proxy-agent';
import type { HttpProxy } from './proxy-rules.ts';
import { openTunnel } from './proxy-tunnel.ts';

/** An agent for https through a proxy. Its tunnels are those of {@link openTunnel}: bounded, and their errors name the proxy. */
export class TunnelAgent extends HttpsProxyAgent<string> {
  readonly #proxy: HttpProxy;
  readonly #trust: () => SecureContext;
  readonly #ms: number;

  constructor(
    proxy: HttpProxy,
    {
      trust,
      ms,
      ...pool
    }: {
      readonly keepAlive: boolean;
      readonly maxSockets?: number;
      /** What the proxy's own certificate is checked with. */
      readonly trust: () => SecureContext;
      /** How long the proxy may take, ms. */
      readonly ms: number;
    },
  ) {
    super(proxy.url, pool);
    this.#proxy = proxy;
    this.#trust = trust;
    this.#ms = ms;
  }

  override async connect(...[request, options]: Parameters<HttpsProxyAgent<string>['connect']>): Promise<Socket> {
    const host = String(options.host).replace(/^\[|\]$/g, '');
    const place = { host, port: Number(options.port) };
    const socket = await openTunnel({ proxy: this.#proxy, ...place, trust: this.#trust, of: request, ms: this.#ms });
    const {
      host: _host,
      port: _port,
      path: _path,
      ...secured
    }: ConnectionOptions & { readonly path?: unknown } = options;
    const servername = secured.servername ?? (isIP(host) === 0 ? host : undefined);
    return tlsConnect({ ...secured, ...(servername !== undefined && { servername }), socket });
  }
}
