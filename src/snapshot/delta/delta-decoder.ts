import type { DeltaEvent } from '../delta-event.ts';
import { TrailingHash } from '../trailing-hash.ts';
import { DeltaTokenizer } from './delta-tokenizer.ts';
import { type EventTable, eventAt } from './event-table.ts';

/**
 * Reads an uncompressed delta: the events' JSON text and the SHA-256 behind it. Bounded memory, whatever its size.
 *
 * Tables come as they are read, so a consumer sees events before the hash is known: it must not publish what it made of
 * them until the iteration has ended. Throws {@link DeltaDamage} and {@link HashDamage}.
 */
export async function* decodeDeltaTables(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<EventTable, void, undefined> {
  const trailing = new TrailingHash();
  const tokenizer = new DeltaTokenizer();
  for await (const bytes of source) {
    const table = tokenizer.push(trailing.push(bytes));
    if (table !== undefined) {
      yield table;
    }
  }
  trailing.verify();
  const table = tokenizer.end();
  if (table !== undefined) {
    yield table;
  }
}

/** {@link decodeDeltaTables} as batches of events, in order; keys and values alias memory that belongs to the batch. */
export async function* decodeDelta(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly DeltaEvent[], void, undefined> {
  for await (const table of decodeDeltaTables(source)) {
    yield Array.from({ length: table.count }, (_, at) => eventAt(table, at));
  }
}
