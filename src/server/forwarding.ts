import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Http2ServerRequest } from 'node:http2';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log/logger.ts';
import { askSidecar, type SidecarSecurity } from './ask-sidecar.ts';
import { type Exchange, goneSignal, pathOf } from './http/exchange.ts';
import { sendStream } from './http/send-stream.ts';
import { addressText, type LeaderAddress, leaderAddress } from './leader-address.ts';
import type { LeaderLookup } from './leader-lookup.ts';

/** Marks a request that a sidecar has forwarded: it is never forwarded again. */
const forwardedHeader = 'etcdbrctl-forwarded';

/** What forwards requests for snapshots needs. */
export interface ForwardingOptions {
  readonly lookup: Pick<LeaderLookup, 'find'>;
  /** The port that the sidecars of the cluster listen on. */
  readonly port: number;
  readonly security: SidecarSecurity;
  readonly clock: Clock;
  readonly log: Logger;
}

/** `answered` when the leader's answer was sent; 405 without a healthy leader, 502 when it breaks off. */
export type ForwardingOutcome = 'answered' | 405 | 502;

/** How long it may take to find out who leads, and whether it is healthy, ms each. */
const boundMs = 10_000;

/** The answer to a health check has a few bytes. */
const longestHealth = 4 * 1024;

/** Headers that are about one connection (RFC 9110 section 7.6.1). */
const hopHeaders: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  // What it asks for was given to the client already.
  'expect',
]);

/** Hands requests for snapshots to the sidecar of the member that leads, over one hop. Never rejects. */
export class Forwarding {
  readonly #options: ForwardingOptions;

  constructor(options: ForwardingOptions) {
    this.#options = options;
  }

  /** Forwards one request with its method, path, query, body and host, and its answer back. */
  async forward(exchange: Exchange): Promise<ForwardingOutcome> {
    const { clock, log, security } = this.#options;
    const { incoming } = exchange;
    const { method = 'GET', url = '/' } = incoming;
    // A query may hold secrets.
    const path = pathOf(exchange);
    if (incoming.headers[forwardedHeader] !== undefined) {
      log.warn(`Answering ${path} with 405: a sidecar forwarded it here, but this member does not lead`);
      return 405;
    }
    const signal = goneSignal(exchange);
    const leader = await this.#healthyLeader(path, signal);
    if (leader === undefined) {
      return 405;
    }
    try {
      const body = hasBody(exchange) ? incoming : undefined;
      const headers = forwardedHeaders(exchange);
      const answer = await askSidecar(leader, security, { method, path: url, headers, body, signal, clock });
      const { statusCode = 0 } = answer;
      if (statusCode < 200) {
        answer.destroy();
        throw new Error(`it answers with the status ${statusCode}`);
      }
      await sendStream(exchange, {
        status: statusCode,
        headers: answerHeaders(answer),
        body: answer,
        clock,
      });
      return 'answered';
    } catch (error) {
      log.warn({ error }, `Answering ${path} with 502: the leader at ${addressText(leader)} fails: ${textOf(error)}`);
      return 502;
    }
  }

  async #healthyLeader(path: string, signal: AbortSignal): Promise<LeaderAddress | undefined> {
    const { lookup, port, log } = this.#options;
    const refuse = (reason: string, fields = {}): undefined => {
      log.warn(fields, `Answering ${path} with 405: ${reason}`);
      return undefined;
    };
    try {
      const url = await this.#bounded(signal, () => lookup.find());
      if (url === undefined) {
        return refuse('no leader is known');
      }
      const leader = leaderAddress(url, port);
      if (leader === undefined) {
        return refuse(`the leader's client URL ${url} has no host and port`);
      }
      const healthy = await this.#bounded(signal, (bound) => this.#isHealthy(leader, bound));
      return healthy ? leader : refuse(`the leader at ${addressText(leader)} is not healthy`);
    } catch (error) {
      return refuse(`no leader was reached: ${textOf(error)}`, { error });
    }
  }

  async #isHealthy(leader: LeaderAddress, signal: AbortSignal): Promise<boolean> {
    const { security, clock } = this.#options;
    const request = { method: 'GET', path: '/healthz', headers: {}, signal, clock };
    const answer = await askSidecar(leader, security, request);
    let text = '';
    for await (const piece of answer.setEncoding('utf8')) {
      text += piece;
      if (text.length > longestHealth) {
        answer.destroy();
        throw new Error(`${addressText(leader)} answers with more than the state of its health`);
      }
    }
    const state: unknown = JSON.parse(text);
    return typeof state === 'object' && state !== null && 'health' in state && state.health === true;
  }

  /** Calls `work` with a signal that also aborts when its time is over, and rejects then. */
  async #bounded<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const time = new AbortController();
    const over = Promise.withResolvers<never>();
    const bound = AbortSignal.any([signal, time.signal]);
    bound.addEventListener('abort', () => over.reject(bound.reason), { once: true });
    over.promise.catch(() => {});
    const waiting = new AbortController();
    this.#options.clock.sleep(boundMs, waiting.signal).then(
      () => time.abort(new Error(`it takes more than ${boundMs / 1_000} s`)),
      () => {},
    );
    try {
      return await Promise.race([work(bound), over.promise]);
    } finally {
      waiting.abort();
    }
  }
}

/** Whether a body follows the headers of a request. */
function hasBody({ incoming }: Exchange): boolean {
  if (incoming instanceof Http2ServerRequest) {
    return !incoming.stream.endAfterHeaders;
  }
  return Number(incoming.headers['content-length'] ?? 0) > 0 || incoming.headers['transfer-encoding'] !== undefined;
}

/** How the end of the body is marked, where the request does not say its length. */
function lengthHeaders(exchange: Exchange): OutgoingHttpHeaders {
  const { method = 'GET', headers } = exchange.incoming;
  if (headers['content-length'] !== undefined) {
    return {};
  }
  if (hasBody(exchange)) {
    return { 'transfer-encoding': 'chunked' };
  }
  return method === 'GET' || method === 'HEAD' ? {} : { 'content-length': '0' };
}

function forwardedHeaders(exchange: Exchange): OutgoingHttpHeaders {
  const { headers, socket } = exchange.incoming;
  const { host: _, ...kept } = withoutHop(headers);
  const before = headers['x-forwarded-for'];
  const via = [before, socket.remoteAddress].flat().filter((each) => each !== undefined);
  const host = headers.host ?? headers[':authority']?.toString();
  return {
    ...kept,
    ...(host === undefined ? {} : { host }),
    ...lengthHeaders(exchange),
    'x-forwarded-for': via.join(', '),
    [forwardedHeader]: '1',
  };
}

function answerHeaders({ headers }: IncomingMessage): Readonly<Record<string, string | readonly string[]>> {
  return withoutHop(headers);
}

function withoutHop(headers: Readonly<NodeJS.Dict<string | string[]>>): Record<string, string | string[]> {
  const named = new Set(
    String(headers['connection'] ?? '')
      .split(',')
      .map((name) => name.trim().toLowerCase()),
  );
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || name.startsWith(':') || hopHeaders.has(name) || named.has(name)
        ? []
        : [[name, value] as const],
    ),
  );
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
