import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { getRequestListener, RequestError } from '@hono/node-server';
import type { Clock } from '../../runtime/clock.ts';
import { limits } from '../../runtime/limits.ts';
import type { Connections } from './connections.ts';
import { type Exchange, isOver, whenOver } from './exchange.ts';
import { announcesTooMuch } from './request-body.ts';
import type { Routes } from './routes.ts';

/** What Node calls for every request. */
export type RequestListener = (
  incoming: IncomingMessage | Http2ServerRequest,
  outgoing: ServerResponse | Http2ServerResponse,
) => void;

/** Hands requests to the routes, and ends those of clients that send or take too slowly or too much. */
export function createRequestListener(request: {
  readonly routes: Routes;
  readonly connections: Connections;
  readonly clock: Clock;
}): RequestListener {
  const { routes, connections, clock } = request;
  const answer = getRequestListener((webRequest, env) => routes.fetch(webRequest, env), {
    // Requests without a Host, as of HTTP/1.0, need some name.
    hostname: 'localhost',
    overrideGlobalObjects: false,
    autoCleanupIncoming: false,
    errorHandler: (error) =>
      new Response(null, { status: error instanceof RequestError ? 400 : 500, headers: { 'content-length': '0' } }),
  });
  return (incoming, outgoing) => {
    const exchange = { incoming, outgoing } as Exchange;
    incoming.on('error', ignore);
    outgoing.on('error', ignore);
    if (outgoing instanceof ServerResponse) {
      if (!connections.admits(incoming.socket, outgoing)) {
        incoming.socket.destroy();
        return;
      }
    }
    const refusal = announcesTooMuch(exchange) ? 413 : namesTwoHosts(exchange) ? 400 : undefined;
    if (outgoing instanceof ServerResponse && (connections.ending || refusal !== undefined)) {
      outgoing.setHeader('connection', 'close');
    }
    if (refusal !== undefined) {
      outgoing.statusCode = refusal;
      outgoing.setHeader('content-length', '0');
      outgoing.end();
      endLateBody(exchange, clock);
      return;
    }
    endLateBody(exchange, clock);
    (routes.answerFrequent(exchange) ?? answer(incoming, outgoing)).then(
      () => {
        // Nearly all answers are with the system by then, and need neither a look nor a timer.
        if (!isWithSystem(outgoing)) {
          setImmediate(() => endSlowReader(exchange, clock));
        }
      },
      () => outgoing.destroy(),
    );
  };
}

/** Errors of the connection: it is over then, and there is no client to answer. */
function ignore(): void {}

/** Others on the way may have gone by the one that we do not see (RFC 9112 section 3.2). */
function namesTwoHosts({ incoming: { httpVersionMajor, rawHeaders } }: Exchange): boolean {
  const isHost = (text: string, at: number): boolean =>
    at % 2 === 0 && text.length === 4 && text.toLowerCase() === 'host';
  return httpVersionMajor === 1 && rawHeaders.findIndex(isHost) !== rawHeaders.findLastIndex(isHost);
}

/** Whether all of an answer over HTTP/1.1 was taken by the system. */
function isWithSystem(outgoing: ServerResponse | Http2ServerResponse): boolean {
  return outgoing instanceof ServerResponse && outgoing.writableEnded && outgoing.socket?.writableLength === 0;
}

/** HTTP/1.1 is watched by Node; a stream of HTTP/2 is not. */
function endLateBody(exchange: Exchange, clock: Clock): void {
  const { incoming, outgoing } = exchange;
  if (outgoing instanceof ServerResponse || incoming.complete) {
    return;
  }
  const arriving = new AbortController();
  incoming.once('end', () => arriving.abort());
  whenOver(exchange, () => arriving.abort());
  clock.sleep(limits.requestTime.most * 1_000, arriving.signal).then(
    () => outgoing.stream.close(),
    () => {},
  );
}

/** The answer is complete: what a client does not take of it in time stays in memory no longer. */
function endSlowReader(exchange: Exchange, clock: Clock): void {
  const { outgoing } = exchange;
  if (outgoing.writableFinished || isOver(exchange)) {
    return;
  }
  const sending = new AbortController();
  whenOver(exchange, () => sending.abort());
  outgoing.once('finish', () => sending.abort());
  clock.sleep(limits.answerTime.most * 1_000, sending.signal).then(
    () => outgoing.destroy(),
    () => {},
  );
}
