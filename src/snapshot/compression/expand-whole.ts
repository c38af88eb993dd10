import { promisify } from 'node:util';
import { gunzip, inflate, type ZlibOptions } from 'node:zlib';
import { CompressionDamage } from '../damage.ts';
import type { Compression } from '../snapshot.ts';
import { reasonOf } from './zlib-stage.ts';

/** Room for the output of zlib when the input does not tell its size, bytes. */
const UNKNOWN_SIZE = 1024 * 1024;

/**
 * Expands an object that lies in memory at once, on one of libuv's threads: for small objects, where it takes a third less
 * time than the stream. Undefined when the result would be larger than `most` bytes or there is no such way (lzw).
 * Throws {@link CompressionDamage} as the stream does.
 */
export async function expandWhole(
  bytes: Buffer,
  compression: Compression,
  options: { readonly most: number },
): Promise<Uint8Array | undefined> {
  switch (compression) {
    case 'none':
      return bytes;
    case 'gzip': {
      // The last four bytes of a gzip member are the size it expands to; only a hint, as there may be several members.
      const size = bytes.length < 4 ? UNKNOWN_SIZE : bytes.readUInt32LE(bytes.length - 4) + 1;
      return await inflated(gunzipBytes, bytes, { most: options.most, chunkSize: size });
    }
    case 'zlib':
      return await inflated(inflateBytes, bytes, { most: options.most, chunkSize: UNKNOWN_SIZE });
    case 'lzw':
      return undefined;
    default:
      return compression satisfies never;
  }
}

/** What zlib's functions give when they are asked for `info`; their types do not say so. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

type Inflate = (bytes: Buffer, options: ZlibOptions) => Promise<unknown>;

const gunzipBytes: Inflate = promisify(gunzip);
const inflateBytes: Inflate = promisify(inflate);

async function inflated(
  expand: Inflate,
  bytes: Buffer,
  sizes: { readonly most: number; readonly chunkSize: number },
): Promise<Uint8Array | undefined> {
  const chunkSize = Math.max(1024, Math.min(sizes.chunkSize, sizes.most));
  let result: Inflated;
  try {
    result = (await expand(bytes, { info: true, chunkSize, maxOutputLength: sizes.most })) as Inflated;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') {
      return undefined;
    }
    throw new CompressionDamage(reasonOf(cause), { cause });
  }
  const { buffer, engine } = result;
  if (engine.bytesWritten < bytes.length) {
    throw new CompressionDamage('something follows the end of the compressed data', { offset: engine.bytesWritten });
  }
  return buffer;
}
