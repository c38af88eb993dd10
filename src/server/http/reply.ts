const types = {
  json: 'application/json',
  text: 'text/plain; charset=utf-8',
} as const;

/** The body of an answer; without one the answer is empty. */
export interface ReplyBody {
  readonly type: keyof typeof types;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer of known length, so that status line, headers and body leave in one write. */
export function reply(status: number, body?: ReplyBody): Response {
  if (body === undefined) {
    return new Response(null, { status, headers: { 'content-length': '0' } });
  }
  const length = String(Buffer.byteLength(body.text));
  return new Response(body.text, {
    status,
    headers: { 'content-type': types[body.type], 'content-length': length, ...body.headers },
  });
}

/** Text that a browser must not take for anything else. */
export function plainReply(status: number, text: string): Response {
  return reply(status, { type: 'text', text, headers: { 'x-content-type-options': 'nosniff' } });
}
