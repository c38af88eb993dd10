import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Bandwidth } from './bandwidth.ts';

/** A request as the hook of a loopback store sees it. */
export interface StoreCall {
  /** The operation's name, such as `PutObject`. */
  readonly operation: string;
  /** Object key, or empty for a call on the bucket. */
  readonly key: string;
  /** From 1: how often this operation has been called. */
  readonly count: number;
}

/** An answer in the place of the store's own. */
export interface ScriptedAnswer {
  /** Left out: 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** The body goes out in pieces, without its length. */
  readonly chunked?: true;
  /** The operation is done all the same, and what is left out here is as the store answers. */
  readonly performed?: true;
}

/** What a loopback store does instead of answering properly. */
export type HttpFault =
  /** Another answer, see {@link ScriptedAnswer}. */
  | { readonly kind: 'answer'; readonly answer: ScriptedAnswer }
  /** An error answer; the operation is not done. */
  | { readonly kind: 'status'; readonly status: number; readonly code?: string; readonly retryAfter?: number }
  /** The connection is cut before the operation is done. */
  | { readonly kind: 'reset' }
  /** The request is read, then nothing happens. */
  | { readonly kind: 'stall' }
  /** The operation is done, but its answer is lost with the connection. */
  | { readonly kind: 'lose answer' }
  /** The answer comes late. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The answer's body ends, with the connection, after so many bytes; or nothing more comes. */
  | { readonly kind: 'truncate'; readonly after: number; readonly ending?: 'reset' | 'stall' }
  /** One bit of the object's bytes is wrong, in what is stored or in what is read. */
  | { readonly kind: 'corrupt' };

/** Decides about each call; undefined means a proper answer. */
export type FaultHook = (call: StoreCall) => HttpFault | undefined;

/** A hook that gives `fault` to the first `times` calls of `operation`. */
export function failFirst(operation: string, times: number, fault: HttpFault): FaultHook {
  return (call) => (call.operation === operation && call.count <= times ? fault : undefined);
}

/** Counts calls and asks the hook. */
export class FaultDesk {
  readonly calls = new Map<string, number>();
  hook: FaultHook = () => undefined;

  /** Registers a call; returns the fault it is to suffer. */
  enter(operation: string, key: string): HttpFault | undefined {
    const count = (this.calls.get(operation) ?? 0) + 1;
    this.calls.set(operation, count);
    return this.hook({ operation, key, count });
  }
}

/** An answer as it would be sent. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

/** Sends what a script says; `own` is the store's answer where the operation was done. A HEAD has no body, whatever is written. */
export function sendScripted(response: ServerResponse, answer: ScriptedAnswer, own?: PlainAnswer): void {
  const body = answer.body === undefined ? (own?.body ?? Buffer.alloc(0)) : Buffer.from(answer.body);
  const headers: OutgoingHttpHeaders = { ...own?.headers, ...answer.headers };
  if (answer.chunked === true) {
    delete headers['content-length'];
  } else if (answer.body !== undefined || own === undefined) {
    headers['content-length'] = answer.headers?.['content-length'] ?? String(body.length);
  }
  response.writeHead(answer.status ?? own?.status ?? 200, headers);
  if (response.req.method === 'HEAD') {
    response.end();
    return;
  }
  if (answer.chunked === true) {
    // Without a header of the length, what is written before the end goes out in pieces.
    response.write(body);
    response.end();
    return;
  }
  response.end(body);
}

/** Sends the body in pieces, cut short where the fault says so. Ends or cuts the answer. */
export async function sendBody(
  response: ServerResponse,
  body: Buffer,
  { fault, pace }: { readonly fault?: HttpFault | undefined; readonly pace?: Bandwidth | undefined } = {},
): Promise<void> {
  const bytes = fault?.kind === 'truncate' ? body.subarray(0, fault.after) : body;
  const piece = 1024 * 1024;
  for (let at = 0; at < bytes.length; at += piece) {
    await pace?.carry(Math.min(piece, bytes.length - at));
    if (!response.write(bytes.subarray(at, at + piece)) && !response.destroyed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      response.once('drain', resolve);
      response.once('close', resolve);
      await promise;
      response.off('drain', resolve);
      response.off('close', resolve);
    }
    if (response.destroyed) {
      return;
    }
  }
  if (fault?.kind !== 'truncate') {
    response.end();
  } else if (fault.ending !== 'stall') {
    // Bytes that are still on their way must arrive, or the cut would come earlier than asked.
    response.flushHeaders();
    setImmediate(() => response.destroy());
  }
}

/** A copy with one bit of the first byte changed. */
export function corrupted(body: Buffer): Buffer {
  const copy = Buffer.from(body);
  if (copy.length > 0) {
    copy[0] = (copy[0] ?? 0) ^ 1;
  }
  return copy;
}
