import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { releaseMemory } from '../../runtime/release-memory.ts';
import { expandWhole } from '../../snapshot/compression/expand-whole.ts';
import { decompress } from '../../snapshot/compression.ts';
import type { DeltaTask } from './delta-reader.ts';

/** Larger deltas are expanded piece by piece, bytes as stored and expanded. They are rarely larger than 10 MiB expanded. */
const MOST_STORED = 8 * 1024 * 1024;
const MOST_EXPANDED = 24 * 1024 * 1024;
/** Bytes handed on at a time. */
const PIECE_SIZE = 256 * 1024;

/**
 * The expanded bytes of a delta in a file. `at once` is faster when the delta is small, but blocks the thread;
 * `piece by piece` leaves the thread to others.
 */
export async function* expandedDelta(
  task: DeltaTask,
  way: 'at once' | 'piece by piece',
): AsyncGenerator<Uint8Array, void> {
  if (way === 'at once' && (await stat(task.file)).size <= MOST_STORED) {
    const stored = await readFile(task.file);
    const whole = expandWhole(stored, task.compression, { most: MOST_EXPANDED });
    if (whole !== undefined) {
      for (let start = 0; start < whole.length; start += PIECE_SIZE) {
        yield whole.subarray(start, start + PIECE_SIZE);
      }
      releaseMemory(whole);
      releaseMemory(stored);
      return;
    }
  }
  const stored = createReadStream(task.file, { highWaterMark: 256 * 1024 });
  yield* decompress(stored, task.compression);
}
