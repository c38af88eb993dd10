import { type ClientRequest, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { checkServerIdentity, createSecureContext, type PeerCertificate, type SecureContext } from 'node:tls';
import { HttpProxyAgent } from 'http-proxy-agent';
import { boundConnecting, connectDeadlineMs } from './connect-deadline.ts';
import { boundInformationalAnswers } from './informational-answers.ts';
import { ProxyFault } from './proxy-fault.ts';
import type { HttpProxy, RequestTarget } from './proxy-rules.ts';
import { SharedBufferHttpAgent, SharedBufferHttpsAgent } from './shared-buffer-agents.ts';
import { dropStaleConnections } from './stale-connections.ts';
import type { StoreNetwork } from './store-network.ts';
import { TunnelAgent } from './tunnel-agent.ts';

/** What a store's connections may differ in. */
export interface StoreAgentOptions {
  readonly network: StoreNetwork;
  /** Connections to one host that may be open at once; any number unless given. */
  readonly maxSockets?: number;
  /** Whether connections are kept for further requests; they are unless this is false. */
  readonly keepAlive?: boolean;
  /** PEM of the only authorities that are trusted; those of the network unless given. */
  readonly trustedCaCert?: string | undefined;
  /** PEM of authorities that are trusted, too. */
  readonly alsoTrusted?: string | undefined;
  readonly insecureSkipVerify?: boolean;
  /** How long a connection may take, TLS included, ms; {@link connectDeadlineMs} unless given. */
  readonly connectMs?: number;
}

/** Agents for the two schemes; every request of every store goes through such a pair. */
export interface StoreAgents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  /** Ends all connections. */
  close(): void;
}

/** Makes agents that keep connections, ask the proxy where there is one, and trust what the network trusts. */
export function storeAgents(options: StoreAgentOptions): StoreAgents {
  const http = new StoreHttpAgent(options);
  const https = new StoreHttpsAgent(options);
  return {
    http,
    https,
    close: () => {
      http.destroy();
      https.destroy();
    },
  };
}

/** Settings of a pool of connections. */
interface PoolSettings {
  readonly keepAlive: boolean;
  readonly maxSockets?: number;
}

/** Node's client calls this method of an agent, which its types leave out. */
type RequestOptions = Readonly<Record<string, unknown>>;

class StoreHttpAgent extends SharedBufferHttpAgent {
  readonly #proxies: ProxyAgents;
  readonly #connectMs: number;

  constructor(options: StoreAgentOptions) {
    const { network } = options;
    const settings = poolOf(options);
    super(settings);
    this.#connectMs = options.connectMs ?? connectDeadlineMs;
    this.#proxies = new ProxyAgents(network, (proxy) => new NamingHttpProxyAgent(proxy, settings));
  }

  /** Takes over a request that Node's client has begun. */
  addRequest(request: ClientRequest, options: RequestOptions): void {
    boundConnecting(request, placeOf(options, 80), this.#connectMs);
    const agent = this.#proxies.agentFor('http:', options);
    if (agent === undefined) {
      addRequestTo(HttpAgent.prototype, this, request, options);
    } else {
      addRequestTo(agent, agent, request, { ...options, secureEndpoint: false });
    }
  }

  override destroy(): void {
    this.#proxies.destroy();
    super.destroy();
  }
}

class StoreHttpsAgent extends SharedBufferHttpsAgent {
  readonly #proxies: ProxyAgents;
  readonly #connectMs: number;
  readonly #tlsOptions: () => RequestOptions;

  constructor(options: StoreAgentOptions) {
    const { network, insecureSkipVerify = false } = options;
    const settings = poolOf(options);
    super(settings);
    const { connectMs = connectDeadlineMs } = options;
    this.#connectMs = connectMs;
    const tunnels = { ...settings, trust: () => network.trust, ms: connectMs };
    this.#proxies = new ProxyAgents(network, (proxy) => new TunnelAgent(proxy, tunnels));
    let own: SecureContext | undefined;
    this.#tlsOptions = () => {
      own ??= trustOf(options);
      return { secureContext: own, rejectUnauthorized: !insecureSkipVerify };
    };
  }

  /** Takes over a request that Node's client has begun. */
  addRequest(request: ClientRequest, options: RequestOptions): void {
    boundConnecting(request, placeOf(options, 443), this.#connectMs);
    const secured = { ...options, ...this.#tlsOptions() };
    const agent = this.#proxies.agentFor('https:', options);
    if (agent === undefined) {
      addRequestTo(HttpsAgent.prototype, this, request, secured);
    } else {
      addRequestTo(agent, agent, request, { ...secured, ...identityOf(options), secureEndpoint: true });
    }
  }

  override destroy(): void {
    this.#proxies.destroy();
    super.destroy();
  }
}

function poolOf({ keepAlive = true, maxSockets }: StoreAgentOptions): PoolSettings {
  return { keepAlive, ...(maxSockets === undefined ? {} : { maxSockets }) };
}

function trustOf({ network, trustedCaCert, alsoTrusted }: StoreAgentOptions): SecureContext {
  if (alsoTrusted !== undefined) {
    return createSecureContext({ ca: [...network.authorities(), alsoTrusted] });
  }
  return trustedCaCert === undefined ? network.trust : createSecureContext({ ca: trustedCaCert });
}

/** The agent for tunnels hides the host from TLS, which compares certificates with "localhost" then, unless the host has a name. */
function identityOf({ host }: RequestOptions): RequestOptions {
  const address = bareHost(host);
  return isIP(address) === 0
    ? {}
    : { checkServerIdentity: (_: string, certificate: PeerCertificate) => checkServerIdentity(address, certificate) };
}

function bareHost(host: unknown): string {
  return String(host).replace(/^\[|\]$/g, '');
}

/** Host and port, for messages. */
function placeOf({ host, port }: RequestOptions, standard: number): string {
  const bare = bareHost(host);
  return `${isIP(bare) === 6 ? `[${bare}]` : bare}:${Number(port ?? standard)}`;
}

function addRequestTo(owner: object, agent: HttpAgent, request: ClientRequest, options: RequestOptions): void {
  const add: (request: ClientRequest, options: RequestOptions) => void = Reflect.get(owner, 'addRequest');
  dropStaleConnections(agent, request);
  boundInformationalAnswers(request);
  add.call(agent, request, options);
}

/** One agent for each proxy that is used. */
class ProxyAgents {
  readonly #network: StoreNetwork;
  readonly #create: (proxy: HttpProxy) => HttpAgent;
  readonly #agents = new Map<string, HttpAgent>();

  constructor(network: StoreNetwork, create: (proxy: HttpProxy) => HttpAgent) {
    this.#network = network;
    this.#create = create;
  }

  /** Undefined where the target is reached directly. */
  agentFor(protocol: RequestTarget['protocol'], { host, port }: RequestOptions): HttpAgent | undefined {
    const standard = protocol === 'https:' ? 443 : 80;
    const proxy = this.#network.proxyFor({ protocol, host: bareHost(host), port: Number(port ?? standard) });
    if (proxy === undefined) {
      return undefined;
    }
    const known = this.#agents.get(proxy.url.href) ?? this.#create(proxy);
    this.#agents.set(proxy.url.href, known);
    return known;
  }

  destroy(): void {
    for (const agent of this.#agents.values()) {
      agent.destroy();
    }
  }
}

/** Its errors name the proxy. */
class NamingHttpProxyAgent extends HttpProxyAgent<string> {
  readonly #proxy: HttpProxy;

  constructor(proxy: HttpProxy, settings: PoolSettings) {
    super(proxy.url, settings);
    this.#proxy = proxy;
  }

  override async connect(...args: Parameters<HttpProxyAgent<string>['connect']>): Promise<Socket> {
    try {
      return await super.connect(...args);
    } catch (error) {
      throw new ProxyFault(this.#proxy, error);
    }
  }
}
