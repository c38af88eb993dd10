import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import type { Forwarding } from '../forwarding.ts';
import type { LeaderLookup } from '../leader-lookup.ts';
import type { Sidecar } from '../sidecar.ts';
import { acceptsGzip } from './accepts-gzip.ts';
import type { Access, Audience } from './access/access.ts';
import type { DashboardPage } from './dashboard/dashboard-page.ts';
import type { EventStream } from './dashboard/event-stream.ts';
import { type Exchange, goneSignal, isOver, pathOf, queryValue, whenSent } from './exchange.ts';
import { type FrequentAnswers, guardedReply, type Transport } from './frequent-answers.ts';
import type { MetricsPage } from './metrics-page.ts';
import { openApiText } from './openapi.ts';
import { isPlainHost } from './plain-request.ts';
import type { ProfilingRoute } from './profiling/profiling-routes.ts';
import { isReady } from './readiness.ts';
import { plainReply, type Reply, reply, sendReply } from './reply.ts';
import { discardBody } from './request-body.ts';
import { SnapshotRoutes } from './snapshot-routes.ts';
import type { UnsentAnswers } from './unsent-answers.ts';

/** What the paths of the server are made of. */
export interface RoutesOptions {
  readonly sidecar: Sidecar;
  readonly lookup: Pick<LeaderLookup, 'find'>;
  readonly forwarding: Pick<Forwarding, 'forward'>;
  /** Paths below /debug/pprof/; empty where profiling is off. */
  readonly profiling: ReadonlyMap<string, ProfilingRoute>;
  /** The page, where it is served, and what feeds it. */
  readonly dashboard: { readonly page: DashboardPage; readonly events: EventStream } | undefined;
  /** Who may ask. */
  readonly access: Pick<Access, 'refusal'>;
  readonly transport: Transport;
  /** What probes and scrapers are answered, also without a request of Node. */
  readonly answers: Pick<FrequentAnswers, 'health' | 'alive'>;
  readonly metrics: Pick<MetricsPage, 'reply'>;
  readonly unsent: Pick<UnsentAnswers, 'admit'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The application: requests of any method, by their exact path. */
export interface Routes {
  /** Answers a request; the outcome is what the library expects. */
  fetch(request: Request, env: Exchange): Response | Promise<Response>;
  /**
   * Answers a plain request for a path that is asked for all the time. Undefined for any other: the library turns those into a request and
   * an answer of the web first, which takes as long as all the rest.
   */
  answerFrequent(exchange: Exchange): Promise<Response> | undefined;
}

/** What probes and scrapers ask for. */
const frequentPaths: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz', '/metrics']);

/** Gives an answer, or sends it as a stream. */
type Handler = (exchange: Exchange) => Reply | Promise<Reply | 'sent'>;

/** All paths of the server. No method is looked at: the Go program does not either, and its callers mix them. */
export function createRoutes(options: RoutesOptions): Routes {
  const { sidecar, lookup, forwarding, profiling, dashboard, access, transport, answers, metrics, unsent, clock, log } =
    options;
  const routes = new Hono<{ Bindings: Exchange }>({
    getPath: (_, options) => pathOf((options as { readonly env: Exchange }).env),
  });
  const snapshots = new SnapshotRoutes({ sidecar, forwarding, log });

  const frequent = new Map<string, (exchange: Exchange) => Promise<Response>>();
  const serve = (path: string, audience: Audience, handler: Handler): void => {
    const respond = async (exchange: Exchange): Promise<Response> => {
      const refusal = audience === 'all' ? undefined : await access.refusal(exchange, audience);
      const answer = refusal ?? (await handler(exchange));
      return answer === 'sent' ? RESPONSE_ALREADY_SENT : sendReply(exchange, unsent.admit(exchange, answer));
    };
    routes.all(path, ({ env }) => respond(env));
    if (frequentPaths.has(path)) {
      frequent.set(path, respond);
    }
  };
  /** A path that browsers should reach by HTTPS only, as in the Go program. */
  const guarded = (path: string, audience: Audience, handler: Handler): void => {
    serve(path, audience, async (exchange) => {
      const answer = await handler(exchange);
      return answer === 'sent' ? answer : guardedReply(answer, transport);
    });
  };
  const withoutBody =
    (handler: Handler): Handler =>
    (exchange) => {
      discardBody(exchange);
      return handler(exchange);
    };
  const open = (path: string, audience: Audience, handler: Handler): void =>
    serve(path, audience, withoutBody(handler));

  open('/healthz', 'all', () => answers.health);
  open('/livez', 'all', () => answers.alive);
  guarded(
    '/readyz',
    'all',
    withoutBody(async () => {
      const ready = await isReady(sidecar, lookup, clock);
      return reply(ready ? 200 : 503, { type: 'json', text: `{"ready":${ready}}` });
    }),
  );
  guarded(
    '/initialization/start',
    'changes',
    withoutBody((exchange) => {
      sidecar.initialization.start(queryValue(exchange, 'mode') === 'sanity' ? 'sanity' : 'full');
      return reply(200);
    }),
  );
  guarded(
    '/initialization/status',
    'changes',
    withoutBody((exchange) => {
      const { word, sent } = sidecar.initialization.read();
      whenSent(exchange, sent);
      return reply(200, { type: 'text', text: word });
    }),
  );
  guarded('/snapshot/full', 'changes', (exchange) => snapshots.full(exchange));
  guarded('/snapshot/delta', 'changes', (exchange) => snapshots.delta(exchange));
  guarded('/snapshot/latest', 'reads', (exchange) => snapshots.latest(exchange));

  open('/config', 'reads', async (exchange) => {
    const headers = { 'cache-control': 'no-store' };
    try {
      const text = await sidecar.etcdConfig({ signal: goneSignal(exchange) });
      return reply(200, { type: 'text', text, headers });
    } catch (error) {
      log.warn({ error }, `Answering /config with 500: ${textOf(error)}`);
      return reply(500, { type: 'text', text: `${textOf(error)}\n`, headers });
    }
  });
  open('/metrics', 'reads', (exchange) => metrics.reply(acceptsGzip(acceptEncodingOf(exchange)) ? 'gzip' : 'identity'));
  open('/backup/status', 'reads', () => reply(200, { type: 'json', text: JSON.stringify(sidecar.backupStatus()) }));
  open('/openapi.json', 'reads', () => reply(200, { type: 'json', text: openApiText }));
  if (dashboard !== undefined) {
    const { page, events } = dashboard;
    open('/', 'reads', (exchange) => page.reply(acceptEncodingOf(exchange)));
    serve('/dashboard/events', 'reads', (exchange) => events.serve(exchange));
  }
  for (const [path, make] of profiling) {
    open(path, 'changes', make);
  }

  routes.notFound(async ({ env }) => {
    const refusal = await access.refusal(env, 'reads');
    if (refusal !== undefined) {
      return sendReply(env, refusal);
    }
    discardBody(env);
    return sendReply(env, plainReply(404, '404 page not found\n'));
  });
  const fail = (error: unknown, exchange: Exchange): Response => {
    const level = isOver(exchange) ? 'debug' : 'error';
    log[level]({ error }, `Answering ${pathOf(exchange)} with 500: ${textOf(error)}`);
    return sendReply(exchange, reply(500));
  };
  routes.onError((error, { env }) => fail(error, env));
  return {
    fetch: (request, env) => routes.fetch(request, env),
    answerFrequent(exchange) {
      const { url = '', method, headers } = exchange.incoming;
      const respond = frequent.get(url);
      return respond !== undefined && method === 'GET' && isPlainHost(headers.host)
        ? respond(exchange).catch((error: unknown) => fail(error, exchange))
        : undefined;
    },
  };
}

function acceptEncodingOf({ incoming }: Exchange): string | undefined {
  const value = incoming.headers['accept-encoding'];
  return Array.isArray(value) ? value.join(',') : value;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
