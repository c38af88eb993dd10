import { fileURLToPath } from 'node:url';
import { loadAddon } from '../../runtime/process/native-addon.ts';

/**
 * Expands the first `size` bytes of `input`, one gzip member, into `output`, on a thread of libuv; see
 * `src/runtime/process/native/gunzip.c`. How many bytes that gave; -1 when they are not exactly one sound member, or there is no room.
 */
export type NativeGunzip = (input: Uint8Array, size: number, output: Uint8Array) => Promise<number>;

/** The function, which takes less than half of the time of zlib; undefined where the module cannot be loaded. */
export async function loadNativeGunzip(): Promise<NativeGunzip | undefined> {
  const addon = await loadAddon({
    asset: 'gunzip.node',
    hasSubstitute: true,
    file: () =>
      fileURLToPath(new URL(`../../../.cache/native/gunzip-${process.platform}-${process.arch}.node`, import.meta.url)),
  });
  const { exports } = addon.loaded ? addon : { exports: undefined };
  return typeof exports === 'object' && exports !== null && 'gunzip' in exports
    ? (exports.gunzip as NativeGunzip)
    : undefined;
}
