import { fileURLToPath } from 'node:url';
import { type AddonSource, type LoadedAddon, loadAddon } from './native-addon.ts';

/** The native modules of this program, by the names of their sources in `native`. */
export type NativeModule = 'cores' | 'deflate' | 'flock' | 'gunzip' | 'pages' | 'sha256' | 'unzstd';

/** Loads a native module, see {@link loadAddon}. */
export async function loadNativeModule(
  name: NativeModule,
  { hasSubstitute }: Pick<AddonSource, 'hasSubstitute'> = {},
): Promise<LoadedAddon> {
  return await loadAddon({
    asset: `${name}.node`,
    hasSubstitute,
    file: () =>
      fileURLToPath(
        new URL(`../../../.cache/native/${name}-${process.platform}-${process.arch}.node`, import.meta.url),
      ),
  });
}

/** What a native module exports, `wanted` among it; undefined where it cannot be loaded. */
export async function nativeExports<Exports extends object>(
  name: NativeModule,
  wanted: keyof Exports & string,
  options: Pick<AddonSource, 'hasSubstitute'> = {},
): Promise<Exports | undefined> {
  const addon = await loadNativeModule(name, options);
  const exports = addon.loaded ? addon.exports : undefined;
  return typeof exports === 'object' && exports !== null && wanted in exports ? (exports as Exports) : undefined;
}
