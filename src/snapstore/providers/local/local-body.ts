import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ReadOptions } from '../../bucket.ts';
import { StoreError } from '../../store-error.ts';
import { fileError } from './file-error.ts';

/** Bytes read at a time. */
const PIECE = 512 * 1024;

/** The bytes of an open file, which is closed at the end. A file that became shorter meanwhile is an error. */
export function localBody(
  file: { readonly handle: FileHandle; readonly path: string; readonly size: number },
  { signal, range }: Pick<ReadOptions, 'signal' | 'range'>,
): Readable {
  const end = Math.min(file.size, range?.end ?? file.size);
  const start = Math.min(end, range?.start ?? 0);
  const body = Readable.from(pieces(file, start, end), { objectMode: false, highWaterMark: PIECE });
  const abort = (): void => {
    body.destroy(signal.reason);
  };
  signal.addEventListener('abort', abort, { once: true });
  body.once('close', () => {
    signal.removeEventListener('abort', abort);
    file.handle.close().catch(() => undefined);
  });
  return body;
}

async function* pieces(
  { handle, path }: { readonly handle: FileHandle; readonly path: string },
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = start; at < end; ) {
    const piece = Buffer.allocUnsafeSlow(Math.min(PIECE, end - at));
    const { bytesRead } = await handle.read(piece, 0, piece.length, at).catch((error: unknown) => {
      throw fileError('read', path, error);
    });
    if (bytesRead === 0) {
      throw new StoreError('transient', {
        action: 'read',
        object: path,
        found: `the file ended after ${at - start} of ${end - start} bytes`,
      });
    }
    at += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}
