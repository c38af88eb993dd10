import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { releaseMemory } from '../../runtime/release-memory.ts';
import { expandWhole } from '../../snapshot/compression/expand-whole.ts';
import { decompress } from '../../snapshot/compression.ts';
import type { DeltaTask } from './delta-reader.ts';

/** Larger deltas are expanded piece by piece, bytes as stored and expanded. They are rarely larger than 10 MiB expanded. */
const MOST_STORED = 8 * 1024 * 1024;
const MOST_EXPANDED = 24 * 1024 * 1024;

/** The stored bytes of a delta in a file. */
type DeltaFile = Pick<DeltaTask, 'file' | 'compression'>;

/** The expanded bytes of a delta in a file, piece by piece. */
export function expandedDelta({ file, compression }: DeltaFile): AsyncGenerator<Uint8Array, void> {
  return decompress(createReadStream(file, { highWaterMark: 256 * 1024 }), compression);
}

/**
 * Begins at once to expand a delta in a file, and gives its bytes when they are asked for. Small ones are expanded as a
 * whole on another thread, while this one reads what came before; large ones piece by piece when they are asked for.
 */
export function expandedAhead(delta: DeltaFile): AsyncGenerator<Uint8Array, void> {
  const whole = expandedWhole(delta);
  // It is awaited in its turn; until then a failure must not count as unhandled.
  whole.catch(() => undefined);
  return inOnePiece(whole, delta);
}

async function* inOnePiece(
  expanding: Promise<Uint8Array | undefined>,
  delta: DeltaFile,
): AsyncGenerator<Uint8Array, void> {
  const whole = await expanding;
  if (whole === undefined) {
    yield* expandedDelta(delta);
    return;
  }
  yield whole;
  releaseMemory(whole);
}

/** Undefined when it is large. */
async function expandedWhole({ file, compression }: DeltaFile): Promise<Uint8Array | undefined> {
  if ((await stat(file)).size > MOST_STORED) {
    return undefined;
  }
  const stored = await readFile(file);
  const whole = await expandWhole(stored, compression, { most: MOST_EXPANDED });
  if (whole !== stored) {
    releaseMemory(stored);
  }
  return whole;
}
