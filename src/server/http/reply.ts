import type { ServerResponse } from 'node:http';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Exchange, isOver } from './exchange.ts';

const types = {
  json: 'application/json',
  text: 'text/plain; charset=utf-8',
} as const;

/** An answer that is in memory as a whole. */
export interface Reply {
  readonly status: number;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** The body of an answer; without one the answer is empty. */
export interface ReplyBody {
  readonly type: keyof typeof types;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer of known length. */
export function reply(status: number, body?: ReplyBody): Reply {
  if (body === undefined) {
    return { status, headers: { 'content-length': '0' }, body: '' };
  }
  const length = String(Buffer.byteLength(body.text));
  const headers = { 'content-type': types[body.type], 'content-length': length, ...body.headers };
  return { status, headers, body: body.text };
}

/** Text that a browser must not take for anything else. */
export function plainReply(status: number, text: string): Reply {
  return reply(status, { type: 'text', text, headers: { 'x-content-type-options': 'nosniff' } });
}

/**
 * Sends an answer: status line, headers and body leave in one write. Not by way of a `Response`, whose streams take several
 * times as long as the answer itself; what is returned says to the library that nothing is left to do.
 */
export function sendReply(exchange: Exchange, { status, headers, body }: Reply): Response {
  // Both kinds of answers take the same arguments, which their types do not say of their union.
  const sink = exchange.outgoing as ServerResponse;
  if (!sink.headersSent && !isOver(exchange)) {
    sink.writeHead(status, headers);
    sink.end(body);
  }
  return RESPONSE_ALREADY_SENT;
}
