import { pipeline } from 'node:stream';
import type { Deflate, Gunzip, Inflate, ZstdDecompress } from 'node:zlib';
import { tap } from '../../runtime/streams/tap.ts';
import { CompressionDamage } from '../damage.ts';

/**
 * Sends `source` through a zlib engine. Errors of the source pass unchanged. Bytes that the engine refuses, and bytes after the
 * end of the compressed data, throw {@link CompressionDamage}.
 */
export async function* throughZlib(
  source: AsyncIterable<Uint8Array>,
  engine: Deflate | Gunzip | Inflate | ZstdDecompress,
): AsyncGenerator<Uint8Array, void, undefined> {
  let fed = 0;
  let sourceFailure: { readonly error: unknown } | undefined;
  const tapped = tap(source, {
    onBytes: (bytes) => {
      fed += bytes;
    },
    onError: (error) => {
      sourceFailure = { error };
    },
  });
  // The engine is destroyed with the error of the pipeline, so the loop below throws it.
  pipeline(tapped, engine, () => undefined);
  try {
    for await (const bytes of engine as AsyncIterable<Buffer>) {
      yield bytes;
    }
  } catch (cause) {
    if (sourceFailure !== undefined) {
      throw sourceFailure.error;
    }
    throw new CompressionDamage(reasonOf(cause), { offset: engine.bytesWritten, cause });
  } finally {
    engine.destroy();
  }
  if (engine.bytesWritten < fed) {
    throw new CompressionDamage('something follows the end of the compressed data', { offset: engine.bytesWritten });
  }
}

/** What an error of zlib means for the compressed data. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) {
    return 'the compressed data cannot be expanded';
  }
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'Z_BUF_ERROR':
      return 'the compressed data ends too early';
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return 'something follows the end of the compressed data';
    case 'ZSTD_error_checksum_wrong':
      return 'the checksum of the compressed data does not fit';
    default:
      // The words of zlib do not help the one who restores, except where they name the checksum.
      return /data check$/.test(cause.message)
        ? 'the checksum of the compressed data does not fit'
        : 'the compressed data cannot be expanded';
  }
}
