import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { PieceReuse } from '../../../runtime/streams/piece-reuse.ts';
import type { ReadOptions } from '../../bucket.ts';
import { StoreError } from '../../store-error.ts';
import { fileError } from './file-error.ts';

/** Bytes read at a time. */
const PIECE = 512 * 1024;

/** Pieces that exist at a time: the reader's two, one that waits for the reader, and one that is being read. */
const TURNS = 4;

/** The bytes of an open file, which is closed at the end. A file that became shorter meanwhile is an error. */
export function localBody(
  file: { readonly handle: FileHandle; readonly path: string; readonly size: number },
  { signal, range, onReusedPiece }: Pick<ReadOptions, 'signal' | 'range' | 'onReusedPiece'>,
): Readable {
  const end = Math.min(file.size, range?.end ?? file.size);
  const start = Math.min(end, range?.start ?? 0);
  const body = Readable.from(pieces(file, { start, end, onReusedPiece }), { objectMode: false, highWaterMark: PIECE });
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
  { start, end, onReusedPiece }: { readonly start: number; readonly end: number } & PieceReuse,
): AsyncGenerator<Uint8Array, void, undefined> {
  const memory: Uint8Array[] = [];
  for (let at = start, turn = 0; at < end; turn = (turn + 1) % TURNS) {
    const size = Math.min(PIECE, end - at);
    // Of the last piece alone, or of a small file, that is less than a whole one.
    const piece = memory[turn] ?? Buffer.allocUnsafeSlow(size);
    if (onReusedPiece !== undefined) {
      memory[turn] = piece;
    }
    // Pieces are filled: with short ones more would wait for the reader.
    for (let filled = 0; filled < size; ) {
      const { bytesRead } = await handle.read(piece, filled, size - filled, at).catch((error: unknown) => {
        throw fileError('read', path, error);
      });
      if (bytesRead === 0) {
        throw new StoreError('transient', {
          action: 'read',
          object: path,
          found: `the file ended after ${at - start} of ${end - start} bytes`,
        });
      }
      filled += bytesRead;
      at += bytesRead;
    }
    onReusedPiece?.(size);
    yield piece.subarray(0, size);
  }
}
