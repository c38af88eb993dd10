import { createDeflate, createGunzip, createInflate } from 'node:zlib';
import { gzipMembers } from './compression/gzip-members.ts';
import { LzwDecoder } from './compression/lzw-decoder.ts';
import { LzwEncoder } from './compression/lzw-encoder.ts';
import { throughZlib } from './compression/zlib-stage.ts';
import type { Compression } from './snapshot.ts';

/** Bytes that zlib takes at a time, and gives: each piece costs a few promises. */
const CHUNK_SIZE = 1024 * 1024;

/** An object's bytes on their way, piece by piece. */
type Bytes = AsyncGenerator<Uint8Array, void, undefined>;

/**
 * Compresses a whole object. A piece of `source` is done with before the next one is asked for, so it may be overwritten then.
 * Errors of the source pass unchanged.
 */
export function compress(source: AsyncIterable<Uint8Array>, compression: Compression): Bytes {
  switch (compression) {
    case 'none':
      return unchanged(source);
    case 'gzip':
      return gzipMembers(source);
    case 'zlib':
      return throughZlib(copied(source), createDeflate({ chunkSize: CHUNK_SIZE }));
    case 'lzw':
      return lzwCompressed(source);
    default:
      return compression satisfies never;
  }
}

/**
 * Expands a whole object, several concatenated gzip members included.
 * Throws {@link CompressionDamage} when it is truncated, altered or followed by anything; errors of the source pass unchanged.
 */
export function decompress(source: AsyncIterable<Uint8Array>, compression: Compression): Bytes {
  switch (compression) {
    case 'none':
      return unchanged(source);
    case 'gzip':
      return throughZlib(source, createGunzip({ chunkSize: CHUNK_SIZE }));
    case 'zlib':
      return throughZlib(source, createInflate({ chunkSize: CHUNK_SIZE }));
    case 'lzw':
      return lzwExpanded(source);
    default:
      return compression satisfies never;
  }
}

/** For stages that look ahead. */
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
    const ready = decoder.push(bytes);
    if (ready.length > 0) {
      yield ready;
    }
  }
  decoder.finish();
}
