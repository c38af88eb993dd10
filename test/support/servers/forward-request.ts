import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** A server's whole answer. */
export interface ForwardedAnswer {
  readonly status: number;
  /** As they came, without those that concern the connection. */
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Sends a request on to `origin`, `http://HOST:PORT`, with another body. Path and headers stay as they were written, since they may be
 * signed: a URL object would rewrite escapes, and Host names the server that the client meant.
 */
export async function forwardRequest(origin: string, message: IncomingMessage, body: Buffer): Promise<ForwardedAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sending = request(origin, {
    path: message.url,
    method: message.method,
    headers: { ...message.headers, connection: 'close' },
    setHost: false,
  });
  sending.once('response', resolve);
  sending.once('error', reject);
  sending.end(body);
  const answer = await promise;
  const { 'transfer-encoding': _, connection: __, ...headers } = answer.headers;
  return { status: answer.statusCode ?? 502, headers, body: await buffer(answer) };
}

/** The header of a body's length for an answer to `message`; none for HEAD, whose response announces a body it does not have. */
export function lengthHeader(message: IncomingMessage, body: Buffer): { readonly 'content-length'?: number } {
  return message.method === 'HEAD' ? {} : { 'content-length': body.length };
}
