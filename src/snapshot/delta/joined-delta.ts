import { createHash } from 'node:crypto';
import { HASH_SIZE } from '../hash-size.ts';

/** A delta, uncompressed, with its hash; at least one event is in it. */
export interface WholeDelta {
  /** Bytes, hash included. */
  readonly size: number;
  read(): AsyncIterable<Uint8Array>;
}

/** Bytes of a joined delta. */
export function joinedSize(deltas: readonly WholeDelta[]): number {
  const texts = deltas.reduce((sum, { size }) => sum + size - HASH_SIZE, 0);
  // Of two brackets between neighbours one comma is left.
  return texts - (deltas.length - 1) + HASH_SIZE;
}

/** One delta with all events of several that continue each other, in their order: the text is one array, the hash that of the whole. */
export async function* joinedDelta(deltas: readonly WholeDelta[]): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  const hashed = (bytes: Uint8Array): Uint8Array => {
    hash.update(bytes);
    return bytes;
  };
  for (const [at, delta] of deltas.entries()) {
    yield hashed(Buffer.from(at === 0 ? '[' : ','));
    for await (const bytes of between(delta)) {
      yield hashed(bytes);
    }
  }
  yield hashed(Buffer.from(']'));
  yield hash.digest();
}

/** The text without its brackets. */
async function* between(delta: WholeDelta): AsyncGenerator<Uint8Array, void, undefined> {
  const end = delta.size - HASH_SIZE - 1;
  let offset = 0;
  for await (const bytes of delta.read()) {
    const from = Math.max(0, 1 - offset);
    const to = Math.min(bytes.length, end - offset);
    offset += bytes.length;
    if (to > from) {
      yield bytes.subarray(from, to);
    }
  }
}
