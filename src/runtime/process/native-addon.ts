import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { getRawAsset, isSea } from 'node:sea';

/** How to find a native module. */
export interface AddonSource {
  /** Its name as an asset of the single executable. */
  readonly asset: string;
  /** Its file in a checkout. */
  readonly file: () => string;
  /**
   * Directories to unpack the asset in, tried in order. Containers may mount some of them read-only or without
   * permission to execute.
   */
  readonly scratch: readonly string[];
}

/** The exports of a native module, or why there is none. */
export type LoadedAddon =
  | { readonly loaded: true; readonly exports: unknown }
  | { readonly loaded: false; readonly reason: string };

/**
 * Loads a native module from the single executable or from the checkout. The kernel loads modules from files only, so an
 * asset is written to a private temporary directory (0700) for as long as loading takes.
 */
export async function loadAddon(source: AddonSource): Promise<LoadedAddon> {
  if (!isSea()) {
    return open(source.file());
  }
  let last: LoadedAddon = { loaded: false, reason: 'there is no directory to unpack it in' };
  for (const parent of source.scratch) {
    last = await unpackAndOpen(source.asset, parent);
    if (last.loaded) {
      return last;
    }
  }
  return last;
}

async function unpackAndOpen(asset: string, parent: string): Promise<LoadedAddon> {
  let directory: string | undefined;
  try {
    directory = await mkdtemp(path.join(parent, '.etcdbrctl-'));
    const file = path.join(directory, asset);
    await writeFile(file, new Uint8Array(getRawAsset(asset)), { mode: 0o500 });
    return open(file);
  } catch (error) {
    return { loaded: false, reason: messageOf(error) };
  } finally {
    if (directory !== undefined) {
      await rm(directory, { recursive: true, force: true });
    }
  }
}

function open(file: string): LoadedAddon {
  const module: { exports: unknown } = { exports: {} };
  try {
    process.dlopen(module, file);
    return { loaded: true, exports: module.exports };
  } catch (error) {
    return { loaded: false, reason: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
