import { createDeflate, createInflate } from 'node:zlib';
import type { PieceReuse } from '../runtime/streams/piece-reuse.ts';
import { gunzipMembers } from './compression/gunzip-members.ts';
import { gzipMembers } from './compression/gzip-members.ts';
import { LzwDecoder } from './compression/lzw-decoder.ts';
import { LzwEncoder } from './compression/lzw-encoder.ts';
import { unzstdFrames } from './compression/unzstd-frames.ts';
import type { WrittenMember } from './compression/written-member.ts';
import { throughZlib } from './compression/zlib-stage.ts';
import { zstdFrames } from './compression/zstd-frames.ts';
import type { Compression } from './snapshot.ts';

/** Bytes that zlib takes and gives at a time: each piece costs a few promises. */
const CHUNK_SIZE = 1024 * 1024;

/** How {@link compress} works. */
export interface CompressOptions {
  /** 1 to 9 with gzip and zlib, 1 to 22 with zstd; the others have none. Left out, gzip and zstd choose it by the contents. */
  readonly level?: number | undefined;
  /** Called with each member of gzip or frame of zstd, in order. */
  readonly onMember?: ((member: WrittenMember) => void) | undefined;
}

/** How {@link decompress} divides its work. */
export interface DecompressOptions extends PieceReuse {
  /** Members of gzip or frames of zstd that are expanded at once, of 512 KiB each; 4 when left out, the number of libuv's threads. */
  readonly piecesInFlight?: number | undefined;
}

/** An object's bytes, piece by piece. */
type Bytes = AsyncGenerator<Uint8Array, void, undefined>;

/**
 * Compresses a whole object. A piece of `source` may be overwritten once the next one is asked for. Errors of the source pass
 * unchanged.
 */
export function compress(
  source: AsyncIterable<Uint8Array>,
  compression: Compression,
  { level, onMember }: CompressOptions = {},
): Bytes {
  switch (compression) {
    case 'none':
      return unchanged(source);
    case 'gzip':
      return gzipMembers(source, { level, onMember });
    case 'zlib':
      return throughZlib(
        copied(source),
        createDeflate({ chunkSize: CHUNK_SIZE, ...(level === undefined ? {} : { level }) }),
      );
    case 'lzw':
      return lzwCompressed(source);
    case 'zstd':
      return zstdFrames(source, { level, onFrame: onMember });
    default:
      return compression satisfies never;
  }
}

/**
 * Expands a whole object, which may consist of several gzip members or zstd frames. Throws {@link CompressionDamage} when it is truncated,
 * altered or followed by anything; errors of the source pass unchanged.
 */
export function decompress(
  source: AsyncIterable<Uint8Array>,
  compression: Compression,
  { piecesInFlight, onReusedPiece }: DecompressOptions = {},
): Bytes {
  switch (compression) {
    case 'none':
      return unchanged(source);
    case 'gzip':
      return gunzipMembers(source, { membersInFlight: piecesInFlight, onReusedPiece });
    case 'zlib':
      return throughZlib(source, createInflate({ chunkSize: CHUNK_SIZE }));
    case 'lzw':
      return lzwExpanded(source);
    case 'zstd':
      return unzstdFrames(source, { framesInFlight: piecesInFlight, onReusedPiece });
    default:
      return compression satisfies never;
  }
}

/** For stages that keep a piece while they ask for the next one. */
async function* copied(source: AsyncIterable<Uint8Array>): Bytes {
  for await (const bytes of source) {
    yield Uint8Array.prototype.slice.call(bytes);
  }
}

async function* unchanged(source: AsyncIterable<Uint8Array>): Bytes {
  yield* source;
}

async function* lzwCompressed(source: AsyncIterable<Uint8Array>): Bytes {
  const encoder = new LzwEncoder();
  for await (const bytes of source) {
    const ready = encoder.push(bytes);
    if (ready.length > 0) {
      yield ready;
    }
  }
  yield encoder.finish();
}

async function* lzwExpanded(source: AsyncIterable<Uint8Array>): Bytes {
  const decoder = new LzwDecoder();
  for await (const bytes of source) {
    yield* decoder.push(bytes);
  }
  decoder.finish();
}
