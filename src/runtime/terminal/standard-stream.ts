import { fstatSync, writeSync } from 'node:fs';
import type { WriteStream } from 'node:tty';

/** Stdout or stderr of the process. */
type ProcessStream = WriteStream & { readonly fd: number };

/** Stdout or stderr, written whole or with an error. */
export interface StandardStream {
  /** `done` is called once: with the error when not all of the text was written. On Linux that is before this returns. */
  write(text: string | Uint8Array, done: (error: Error | undefined) => void): void;
}

/**
 * A stream of the process. Node takes a short write to a file, as on a volume that is nearly full, for a whole one; here what is
 * missing is written again until it is complete or refused.
 */
export function standardStream(stream: ProcessStream): StandardStream {
  // Each write has its own callback.
  stream.on('error', () => undefined);
  return isFile(stream)
    ? { write: (text, done) => done(writeWhole(stream.fd, text)) }
    : { write: (text, done) => void stream.write(text, (error) => done(error ?? undefined)) };
}

function isFile(stream: ProcessStream): boolean {
  if (stream.isTTY) {
    return false;
  }
  try {
    const facts = fstatSync(stream.fd);
    return facts.isFile() || facts.isCharacterDevice() || facts.isBlockDevice();
  } catch {
    return false;
  }
}

/** Returns the error that refused the text. */
function writeWhole(fd: number, text: string | Uint8Array): Error | undefined {
  try {
    for (
      let rest = typeof text === 'string' ? Buffer.from(text) : Buffer.from(text.buffer, text.byteOffset, text.length);
      rest.length > 0;
    ) {
      rest = rest.subarray(writeSync(fd, rest));
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
