import { createReadStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { decompress } from '../snapshot/compression.ts';
import type { DeltaTask } from './delta-reader.ts';

/** Stored bytes read at a time. */
const READ_SIZE = 1024 * 1024;

/** The stored bytes of a delta. */
type StoredDelta = Pick<DeltaTask, 'stored' | 'compression'>;

/**
 * The expanded bytes of a delta, piece by piece; a piece is valid until the second one after it is asked for. A file is opened when the
 * first piece is asked for, and closed when the iteration has ended or was returned from.
 */
export async function* expandedDelta({ stored, compression }: StoredDelta): AsyncGenerator<Uint8Array, void> {
  // Several deltas are begun at once.
  const options = { piecesInFlight: 2, onReusedPiece: () => undefined } as const;
  if (stored.kind === 'memory') {
    yield* decompress(inPieces(stored.bytes), compression, options);
    return;
  }
  const file = createReadStream(stored.path, { highWaterMark: READ_SIZE });
  try {
    yield* decompress(file, compression, options);
  } finally {
    file.destroy();
    // What was wrong with it has been thrown above.
    await finished(file).catch(() => undefined);
  }
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += READ_SIZE) {
    yield bytes.subarray(at, at + READ_SIZE);
  }
}

/**
 * The same, begun at once: the first piece is expanded on another thread while this one reads the delta before.
 */
export function startExpanding(delta: StoredDelta): AsyncGenerator<Uint8Array, void> {
  const body = expandedDelta(delta);
  const first = body.next();
  // It is awaited in its turn; until then a failure must not count as unhandled.
  first.catch(() => undefined);
  return firstThenRest(first, body);
}

async function* firstThenRest(
  first: Promise<IteratorResult<Uint8Array, void>>,
  body: AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  try {
    const step = await first;
    if (!step.done) {
      yield step.value;
      yield* body;
    }
  } finally {
    await body.return();
  }
}
