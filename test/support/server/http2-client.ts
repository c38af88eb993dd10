import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';

/** An answer over HTTP/2. */
export interface Http2Answer {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A session of HTTP/2 that trusts any certificate. */
export async function http2Session(port: number): Promise<ClientHttp2Session & AsyncDisposable> {
  const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  session.on('error', () => {});
  await new Promise<void>((resolve) => {
    session.once('connect', () => resolve());
    session.once('close', () => resolve());
  });
  return Object.assign(session, {
    async [Symbol.asyncDispose]() {
      session.destroy();
    },
  });
}

/** Asks over a session. Rejects when the stream is reset. */
export async function ask2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  { end = true }: { readonly end?: boolean } = {},
): Promise<Http2Answer> {
  const stream = session.request(headers, { endStream: end });
  const answered = Promise.withResolvers<IncomingHttpHeaders>();
  stream.once('response', answered.resolve);
  stream.once('error', answered.reject);
  stream.once('close', () => answered.reject(new Error(`the stream ended with code ${stream.rstCode}`)));
  const found = await answered.promise;
  let body = '';
  for await (const piece of stream.setEncoding('utf8')) {
    body += piece;
  }
  return { headers: found, body };
}
