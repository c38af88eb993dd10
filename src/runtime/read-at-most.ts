import { constants, type FileHandle, open } from 'node:fs/promises';
import { systemClock } from './system-clock.ts';

/**
 * How long a pipe may give nothing, ms: where nobody has opened it for writing, and where somebody has, in which a person may type a
 * passphrase.
 */
const longestSilence = { 'no writer': 10_000, 'silent writer': 120_000 } as const;
/** How often it is asked, ms. */
const between = 20;

/** Nobody has opened a pipe for writing, or who has writes nothing into it. */
export class SilentPipe extends Error {
  constructor(silence: keyof typeof longestSilence) {
    super(`it is a pipe, and nothing came through it for ${longestSilence[silence] / 1_000} s`);
    this.name = 'SilentPipe';
  }
}

/** Bytes that are read at a time. */
const step = 64 * 1024;

/**
 * Reads a file, or a pipe in its place, as of a shell's <(command): `most` bytes at most. A device that never ends would fill the memory.
 * A pipe may be opened for writing after it was for reading, which is waited for here: in the operating system the wait would hold up even the end of
 * the program. Throws a RangeError when it is longer, a {@link SilentPipe}, else what the file system throws.
 */
export async function readAtMost(path: string, most: number): Promise<Buffer> {
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
  await using file = await open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  const isPipe = (await file.stat()).isFIFO();
  const pieces: Buffer[] = [];
  for (let size = 0; ; ) {
    const piece = Buffer.allocUnsafe(Math.min(step, most - size + 1));
    const read = await readNext(file, piece, isPipe && size === 0 ? 'not begun' : 'begun');
    if (read === 0) {
      return Buffer.concat(pieces);
    }
    size += read;
    if (size > most) {
      throw new RangeError(`it is longer than ${most} bytes`);
    }
    pieces.push(piece.subarray(0, read));
  }
}

/** The next bytes; 0 at the end. A pipe that has not begun may have nobody yet who writes, which looks like its end. */
async function readNext(file: FileHandle, target: Buffer, state: 'not begun' | 'begun'): Promise<number> {
  const since = systemClock.monotonic();
  for (;;) {
    let silence: keyof typeof longestSilence = 'no writer';
    try {
      const { bytesRead } = await file.read(target, 0, target.length, null);
      if (bytesRead > 0 || state === 'begun') {
        return bytesRead;
      }
    } catch (error) {
      // Somebody has opened the pipe, and has not written yet.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) {
        throw error;
      }
      silence = 'silent writer';
    }
    if (systemClock.monotonic() - since > longestSilence[silence]) {
      throw new SilentPipe(silence);
    }
    await systemClock.sleep(between);
  }
}
