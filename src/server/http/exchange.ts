import { Http2ServerResponse } from 'node:http2';
import type { Http2Bindings, HttpBindings } from '@hono/node-server';

/** A request and its answer, of HTTP/1.1 or HTTP/2, as Node has them. */
export type Exchange = HttpBindings | Http2Bindings;

/** Nothing is at this path. */
const nowhere = '/?';

/** The path of a request as it was sent, percent-encoding resolved. */
export function pathOf({ incoming }: Exchange): string {
  const target = (incoming.url ?? '').replace(/^https?:\/\/[^/?#]*/i, '');
  const path = target.split(/[?#]/, 1)[0] ?? '';
  if (!path.startsWith('/')) {
    return nowhere;
  }
  if (!path.includes('%')) {
    return path;
  }
  try {
    return decodeURIComponent(path);
  } catch {
    return nowhere;
  }
}

/** The first value of a name in the query of a request; empty when there is none, as in Go. */
export function queryValue({ incoming }: Exchange, name: string): string {
  const target = incoming.url ?? '';
  const at = target.indexOf('?');
  return at < 0 ? '' : (new URLSearchParams(target.slice(at + 1)).get(name) ?? '');
}

/** Calls `then` once the whole answer was handed to the system; never when the client goes away before. */
export function whenSent({ outgoing }: Exchange, then: () => void): void {
  outgoing.once('finish', then);
}

/** Whether the answer was sent, or its client is gone. */
export function isOver({ incoming, outgoing }: Exchange): boolean {
  // An answer over HTTP/1.1 that waits for others of its connection has no socket, and does not hear of its end.
  return outgoing instanceof Http2ServerResponse
    ? outgoing.stream.destroyed
    : outgoing.destroyed || incoming.socket.destroyed;
}

/** Calls `then` once the answer was sent or its client is gone, also where that has come to pass already. */
export function whenOver(exchange: Exchange, then: () => void): void {
  if (isOver(exchange)) {
    then();
    return;
  }
  const { incoming, outgoing } = exchange;
  const ends =
    outgoing instanceof Http2ServerResponse || outgoing.socket !== null ? [outgoing] : [outgoing, incoming.socket];
  const over = (): void => {
    for (const end of ends) {
      end.off('close', over);
    }
    then();
  };
  for (const end of ends) {
    end.once('close', over);
  }
}

/** Aborts when the client is gone before it has the whole answer. */
export function goneSignal(exchange: Exchange): AbortSignal {
  const gone = new AbortController();
  whenOver(exchange, () => {
    if (!exchange.outgoing.writableFinished) {
      gone.abort(new Error('the client is gone'));
    }
  });
  return gone.signal;
}
