import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../runtime/clock.ts';
import { limits } from '../../runtime/limits.ts';
import { type Exchange, whenOver } from './exchange.ts';

/** How long the source of a body may take for its next piece, ms. */
const pieceMs = 30_000;

/** An answer whose body is not in memory as a whole. */
export interface StreamedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Readable;
  readonly clock: Clock;
}

/**
 * Sends a body piece by piece, at the pace of the client. Ends the connection when the client does not take the next piece in
 * time, or when the body fails or comes to a halt: half an answer must not look whole. Never rejects.
 */
export async function sendStream(exchange: Exchange, { status, headers, body, clock }: StreamedAnswer): Promise<void> {
  const { outgoing } = exchange;
  const gone = new Promise<void>((resolve) => whenOver(exchange, resolve));
  whenOver(exchange, () => body.destroy());
  // The loop below gets it, too; one that comes after the end would otherwise end the process.
  body.on('error', () => {});
  try {
    for (const [name, value] of Object.entries(headers)) {
      outgoing.setHeader(name, value);
    }
    outgoing.statusCode = status;
    const sink: Writable = outgoing;
    for await (const piece of inTime(body, clock)) {
      if (!sink.write(piece)) {
        await drained(outgoing, gone, clock);
      }
    }
    outgoing.end();
  } catch {
    body.destroy();
    outgoing.destroy();
  }
}

/** The pieces of a body. Throws when the next one does not come in time: its source may be there and send no more. */
async function* inTime(body: Readable, clock: Clock): AsyncGenerator<Uint8Array> {
  const pieces: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]();
  for (;;) {
    const waiting = new AbortController();
    clock.sleep(pieceMs, waiting.signal).then(
      () => body.destroy(new Error(`no more of it came within ${pieceMs / 1_000} s`)),
      () => {},
    );
    const next = await pieces.next().finally(() => waiting.abort());
    if (next.done === true) {
      return;
    }
    yield next.value;
  }
}

async function drained(outgoing: Exchange['outgoing'], gone: Promise<void>, clock: Clock): Promise<void> {
  const waiting = new AbortController();
  const drain = Promise.withResolvers<'ready'>();
  const ready = (): void => drain.resolve('ready');
  outgoing.once('drain', ready);
  const late = clock.sleep(limits.answerTime.most * 1_000, waiting.signal).then(
    () => 'late' as const,
    () => 'late' as const,
  );
  try {
    const outcome = await Promise.race([drain.promise, gone.then(() => 'gone' as const), late]);
    if (outcome !== 'ready') {
      throw new Error(`the client is ${outcome}`);
    }
  } finally {
    outgoing.off('drain', ready);
    waiting.abort();
  }
}
