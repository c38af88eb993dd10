import { nativeExports } from '../../runtime/process/native-module.ts';

/** What can be expanded natively, by the name of the module and of its function: a gzip member, or zstd frames. */
export type NativeFormat = 'gunzip' | 'unzstd';

/**
 * Expands the first `size` bytes of `input`, one gzip member or zstd frames, into `output`, on a thread of libuv; see
 * `src/runtime/process/native/expander.h`. How many bytes that gave; -1 when they are not exactly that, sound, or there is no room.
 */
export type NativeExpander = (input: Uint8Array, size: number, output: Uint8Array) => Promise<number>;

/** The function, which takes less than half of the time of Node's streams; undefined where the module cannot be loaded. */
export async function loadNativeExpander(format: NativeFormat): Promise<NativeExpander | undefined> {
  const native = await nativeExports<Record<NativeFormat, NativeExpander>>(format, format, { hasSubstitute: true });
  return native?.[format];
}
