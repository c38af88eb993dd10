import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { decompress } from '../../snapshot/compression.ts';
import type { Compression } from '../../snapshot/snapshot.ts';
import { checkTrailingHash, TrailingHash } from '../../snapshot/trailing-hash.ts';

/** Bytes that may wait to be looked at while others are sent. */
const LAG = 1024 * 1024;

/**
 * Passes a body on unchanged, and ends only when the hash inside it has turned out right: whoever stores it cannot
 * take a damaged object for a whole one. The body is opened when the first bytes are asked for.
 * Throws {@link CompressionDamage} or {@link HashDamage}, and errors of the body.
 */
export function verifiedBody(
  open: () => Promise<AsyncIterable<Uint8Array>>,
  compression: Compression,
): AsyncGenerator<Uint8Array, void, undefined> {
  return compression === 'none' ? plainBody(open) : compressedBody(open, compression);
}

async function* plainBody(open: () => Promise<AsyncIterable<Uint8Array>>): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = new TrailingHash();
  for await (const bytes of await open()) {
    hash.push(bytes);
    yield bytes;
  }
  hash.verify();
}

async function* compressedBody(
  open: () => Promise<AsyncIterable<Uint8Array>>,
  compression: Compression,
): AsyncGenerator<Uint8Array, void, undefined> {
  const body = await open();
  const tap = new PassThrough({ highWaterMark: LAG });
  // Nobody reads from a tap that was closed early; that is told by what closed it.
  tap.on('error', () => undefined);
  const ended = new AbortController();
  const verdict = checkTrailingHash(decompress(tap, compression));
  verdict.catch(() => undefined);
  try {
    for await (const bytes of body) {
      if (!tap.write(bytes)) {
        await Promise.race([once(tap, 'drain', { signal: ended.signal }), verdict]);
      }
      yield bytes;
    }
    tap.end();
    await verdict;
  } finally {
    ended.abort();
    tap.destroy();
  }
}
