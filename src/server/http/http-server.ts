import { createServer } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { Clock } from '../../runtime/clock.ts';
import { limits } from '../../runtime/limits.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import { isLoopback } from '../../runtime/loopback.ts';
import { Dashboard } from '../dashboard/dashboard.ts';
import { Forwarding } from '../forwarding.ts';
import { LeaderLookup } from '../leader-lookup.ts';
import type { Sidecar } from '../sidecar.ts';
import { acceptConnections } from './accept-connections.ts';
import { Access } from './access/access.ts';
import type { AuthTokens } from './access/auth-tokens.ts';
import { AnswerBytes } from './answer-bytes.ts';
import { Connections } from './connections.ts';
import { DashboardPage } from './dashboard/dashboard-page.ts';
import { EventStream } from './dashboard/event-stream.ts';
import { FrequentAnswers } from './frequent-answers.ts';
import { listenAt } from './listen-at.ts';
import { MetricsPage } from './metrics-page.ts';
import { PlainRequests } from './plain-request.ts';
import { profilingRoutes } from './profiling/profiling-routes.ts';
import { createRequestListener } from './request-listener.ts';
import { createRoutes } from './routes.ts';
import { type CertificateFiles, ServedCertificate } from './served-certificate.ts';
import { UnsentAnswers } from './unsent-answers.ts';

/** How a sidecar is served. */
export interface HttpServerOptions {
  readonly sidecar: Sidecar;
  /** An IP address or a name of this machine; undefined: all addresses. */
  readonly address: string | undefined;
  /** Ours, and that of the other sidecars of the cluster. 0 takes a free one, and forwards to that. */
  readonly port: number;
  /** Undefined serves plain HTTP. */
  readonly certificate: CertificateFiles | undefined;
  /** PEM file of the authorities that sign the certificates of the other sidecars; undefined: those that Node trusts. */
  readonly caFile: string | undefined;
  /** What clients must show for all but health; undefined: nothing. */
  readonly tokens: AuthTokens | undefined;
  /** Whether the dashboard is served, at `/`. */
  readonly dashboard: boolean;
  /** Serves profiles; its arguments are shown, so secrets were taken out of them. */
  readonly profiling: { readonly commandLine: readonly string[] } | undefined;
  /** Other bounds than the usual ones. */
  readonly bounds?: Partial<NodeBounds>;
}

/** A server that listens. */
export interface HttpServer {
  /** Where it listens. */
  readonly port: number;
  /** Takes no new connections, answers what was asked for at most `graceMs` milliseconds, then ends every connection. */
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** The bounds that Node keeps itself: bytes and ms. */
export interface NodeBounds {
  readonly maxHeaderSize: number;
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly keepAliveTimeout: number;
  /** How often it looks at these times. */
  readonly connectionsCheckingInterval: number;
}

const usualBounds: NodeBounds = {
  maxHeaderSize: limits.requestHead.most,
  headersTimeout: limits.requestHeadTime.most * 1_000,
  requestTimeout: limits.requestTime.most * 1_000,
  keepAliveTimeout: limits.idleTime.most * 1_000,
  connectionsCheckingInterval: 1_000,
};

/** Most requests have no body: nothing then waits for the end of one. Node has this option, its types do not know it. */
const ofEmptyRequests = { optimizeEmptyRequests: true };

/** How many streams a session of HTTP/2 may take back at once, and then in a second; beyond that it ends. */
const resets = { streamResetBurst: limits.resetStreams.most, streamResetRate: limits.resetStreams.most / 5 };

/** Sessions of HTTP/2 may hold this much, MB. */
const sessionMemory = 1;

/**
 * Serves a sidecar over HTTP/1.1, with a certificate over HTTPS with HTTP/1.1 and HTTP/2. Resolves when it listens.
 * Throws a Failure `listen_refused` or `server_certificate`.
 */
export async function startHttpServer(
  options: HttpServerOptions,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<HttpServer> {
  const { sidecar, address, certificate: files, caFile, tokens, profiling } = options;
  const certificate = files === undefined ? undefined : await ServedCertificate.open(files, { clock, log });
  const bounds = { ...usualBounds, ...ofEmptyRequests, ...options.bounds };
  const server = certificate === undefined ? createServer(bounds) : createTlsServer(certificate, bounds);
  const connections = new Connections({ idleMs: bounds.keepAliveTimeout });
  const transport = certificate === undefined ? 'plain' : 'tls';
  const access = new Access(tokens);
  const metrics = new MetricsPage(sidecar, clock);
  const answers = new FrequentAnswers({ sidecar, metrics, access, transport });
  const unsent = new UnsentAnswers();
  const requests = new PlainRequests();
  const bytes = new AnswerBytes(bounds.keepAliveTimeout, clock);
  acceptConnections(server, { requests, answers, bytes, connections, unsent, bounds, clock });
  server.on('error', (error) => log.warn({ error }, `The server has trouble with its connections: ${error.message}`));
  const port = await listenAt(server, { address, port: options.port });
  const security = { tls: certificate !== undefined, caFile, token: tokens && (() => tokens.own()) };
  const lookup = new LeaderLookup(sidecar, clock);
  const peers = { port, security };
  const events = options.dashboard ? new EventStream(new Dashboard({ sidecar, peers, clock }), clock) : undefined;
  const routes = createRoutes({
    sidecar,
    lookup,
    forwarding: new Forwarding({ lookup, port, security, clock, log }),
    dashboard: events && { page: new DashboardPage(), events },
    access,
    transport,
    answers,
    metrics,
    unsent,
    profiling: profiling === undefined ? new Map() : profilingRoutes({ ...profiling, clock, log }),
    clock,
    log,
  });
  server.on('request', createRequestListener({ routes, connections, clock }));
  logListening({ address, port, secure: certificate !== undefined, tokens: tokens !== undefined, log });
  const stop = new AbortController();
  const watching = certificate?.watch((pair) => (server as Http2SecureServer).setSecureContext(contextOf(pair)), {
    signal: stop.signal,
    clock,
    log,
  });
  return {
    port,
    async close({ graceMs }) {
      stop.abort();
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      events?.end();
      connections.end();
      const waiting = new AbortController();
      const late = clock.sleep(graceMs, waiting.signal).catch(() => {});
      await Promise.race([closed, late]);
      waiting.abort();
      connections.destroy();
      await closed;
      await watching;
    },
  };
}

function createTlsServer(certificate: ServedCertificate, bounds: NodeBounds): Http2SecureServer {
  return createSecureServer({
    ...contextOf(certificate.pair),
    ...bounds,
    ...resets,
    allowHTTP1: true,
    handshakeTimeout: limits.requestHeadTime.most * 1_000,
    unknownProtocolTimeout: limits.requestHeadTime.most * 1_000,
    maxSessionMemory: sessionMemory,
    settings: {
      maxConcurrentStreams: limits.requestsAtOnce.most,
      maxHeaderListSize: limits.requestHead.most,
      enablePush: false,
    },
  });
}

function contextOf({ cert, key }: ServedCertificate['pair']) {
  return { cert, key, minVersion: 'TLSv1.2' } as const;
}

function logListening(request: {
  readonly address: string | undefined;
  readonly port: number;
  readonly secure: boolean;
  readonly tokens: boolean;
  readonly log: Logger;
}): void {
  const { address, port, secure, tokens, log } = request;
  const where = `${address === undefined ? 'all addresses' : address}, port ${port}`;
  log.info({ address, port }, `Listening for ${secure ? 'HTTPS' : 'HTTP'} at ${where}`);
  if (!secure && !(address !== undefined && isLoopback(address))) {
    log.warn(
      'Others in the network can reach the server without TLS; give --server-cert and --server-key, ' +
        `or --listen-address 127.0.0.1${tokens ? '; those who see a request can read its token' : ''}`,
    );
  }
}
