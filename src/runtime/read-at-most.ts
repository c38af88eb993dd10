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

/**
 * A file that was written this short a while ago may still be being written, ms: a program that replaces what is in it empties it first, and
 * an empty one is waited for longer.
 */
const settled = { some: 25, nothing: 1_000 } as const;
/** How long a file is waited for that changes all the time, ms. */
const longestChange = 5_000;

/** A file that is written again and again while it is read. */
export class ChangingFile extends Error {
  constructor() {
    super(`it is being written, and changed again and again for ${longestChange / 1_000} s`);
    this.name = 'ChangingFile';
  }
}

/** Bytes that are read at a time. */
const step = 64 * 1024;

/**
 * Reads a file, or a pipe in its place, as of a shell's <(command): `most` bytes at most. A device that never ends would fill the memory.
 * A pipe may be opened for writing after it was for reading, which is waited for here: in the operating system the wait would hold up even the end of
 * the program. A file that is written meanwhile, or was a moment ago, is read again, so that half of a secret is not taken for all of it.
 * Throws a RangeError when it is longer, a {@link SilentPipe}, a {@link ChangingFile}, else what the file system throws.
 */
export async function readAtMost(path: string, most: number): Promise<Buffer> {
  const since = systemClock.monotonic();
  for (;;) {
    const { bytes, state } = await readOnce(path, most);
    if (state === 'settled') {
      return bytes;
    }
    if (systemClock.monotonic() - since > longestChange) {
      throw new ChangingFile();
    }
    await systemClock.sleep(between);
  }
}

async function readOnce(
  path: string,
  most: number,
): Promise<{ readonly bytes: Buffer; readonly state: 'settled' | 'being written' }> {
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
  await using file = await open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  const before = await file.stat();
  const bytes = await bytesOf(file, most, { isPipe: before.isFIFO() });
  if (!before.isFile()) {
    return { bytes, state: 'settled' };
  }
  const { size, mtimeMs } = await file.stat();
  // What clocks of file servers say may lie in the future: then the time says nothing. Ours has whole milliseconds.
  const age = systemClock.now() - mtimeMs;
  const isFresh = age > -settled.some && age < settled[bytes.length === 0 ? 'nothing' : 'some'];
  const hasChanged = size !== before.size || mtimeMs !== before.mtimeMs;
  return { bytes, state: isFresh || hasChanged ? 'being written' : 'settled' };
}

async function bytesOf(file: FileHandle, most: number, { isPipe }: { readonly isPipe: boolean }): Promise<Buffer> {
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
