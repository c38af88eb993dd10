import { constants, lstat, mkdtemp, open, readFile, realpath, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getRawAsset, isSea } from 'node:sea';

/** How to find a native module. */
export interface AddonSource {
  /** Its name as an asset of the single executable. */
  readonly asset: string;
  /** Its file in a checkout. */
  readonly file: () => string;
  /** Something slower does the same: where it could not be loaded it is not tried again, as that takes some milliseconds each time. */
  readonly hasSubstitute?: boolean | undefined;
}

/** The exports of a native module, or why there is none. */
export type LoadedAddon =
  | { readonly loaded: true; readonly exports: unknown }
  | { readonly loaded: false; readonly reason: string };

/** Directories of the system. Containers may mount some of them read-only or without permission to execute. */
const SCRATCH = ['/tmp', '/var/tmp', '/dev/shm', '/run'];

/** O_TMPFILE without the part that is O_DIRECTORY, which differs between processors; Node does not name it. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** What statfs(2) says of a file system that is a process, which anybody may mount over a directory that he may write to. */
const FUSE = 0x65735546;

/** Modules of the executable by asset, those that are being loaded, too. The dynamic linker keeps what it has loaded until the process ends. */
const loadedAssets = new Map<string, Promise<LoadedAddon>>();

/**
 * Loads a native module from the single executable or from the checkout. The kernel loads modules from files only, so an asset is written
 * to a file without a name, or where that is impossible into a private directory (0700), for as long as loading takes. It is never written
 * where another user could exchange it.
 */
export async function loadAddon(source: AddonSource): Promise<LoadedAddon> {
  if (process.geteuid?.() !== process.getuid?.()) {
    // The user whom we act as owns the files we make, and could change them.
    return { loaded: false, reason: 'it is not loaded while acting as another user' };
  }
  if (!isSea()) {
    return load(source.file());
  }
  return await loadAsset(source, () => new Uint8Array(getRawAsset(source.asset)), [tmpdir(), ...SCRATCH]);
}

/** Loads an asset, which is `bytes`, by way of one of the directories; once in this thread. */
export async function loadAsset(
  { asset, hasSubstitute }: Omit<AddonSource, 'file'>,
  bytes: () => Uint8Array,
  scratch: readonly string[],
): Promise<LoadedAddon> {
  const known = loadedAssets.get(asset);
  if (known !== undefined) {
    return await known;
  }
  const loading = loadBytes(bytes(), scratch);
  loadedAssets.set(asset, loading);
  const addon = await loading;
  if (!addon.loaded && hasSubstitute !== true) {
    loadedAssets.delete(asset);
  }
  return addon;
}

/** Loads a native module of which only the bytes exist, by way of the first of the directories where it can be done. */
export async function loadBytes(bytes: Uint8Array, scratch: readonly string[]): Promise<LoadedAddon> {
  let last: LoadedAddon = { loaded: false, reason: 'there is no directory to unpack it in' };
  for (const directory of new Set(scratch)) {
    // What is looked at is written to: a link may be one that others can change.
    const real = await realpath(directory).catch(() => undefined);
    const safe = real === undefined ? 'nothing' : await safeIn(real);
    if (real === undefined || safe === 'nothing') {
      last = { loaded: false, reason: `others may change what is in ${directory}` };
      continue;
    }
    for (const attempt of safe === 'files' ? [loadUnnamed, loadUnpacked] : [loadUnnamed]) {
      last = await attempt(bytes, real);
      if (last.loaded) {
        return last;
      }
    }
  }
  return last;
}

/** What of ours in a directory nobody but root and this user can exchange. */
export type SafeFiles = 'files' | 'files without a name' | 'nothing';

/**
 * What is safe in a directory that, with all above it, belongs to root or this user; nothing where there is a link on the way. Other users may
 * write above it only where they cannot touch files of others (`/tmp`). Where they may write in it and can touch those, as in a volume
 * `emptyDir` of Kubernetes, only a file that has no name is safe.
 */
export async function safeIn(directory: string): Promise<SafeFiles> {
  const trusted = [0, process.getuid?.() ?? 0];
  const last = path.resolve(directory);
  let safe: SafeFiles = 'files';
  for (let at = last; ; at = path.dirname(at)) {
    const found = await lstat(at).catch(() => undefined);
    const shared = ((found?.mode ?? 0) & 0o022) !== 0;
    const sticky = ((found?.mode ?? 0) & 0o1000) !== 0;
    if (found === undefined || !found.isDirectory() || !trusted.includes(found.uid)) {
      return 'nothing';
    }
    if (shared && !sticky) {
      if (at !== last) {
        return 'nothing';
      }
      safe = 'files without a name';
    }
    if (at === path.dirname(at)) {
      return safe;
    }
  }
}

/** Loads it from a file that has no name, so that no other user can open or exchange it (Linux). */
async function loadUnnamed(bytes: Uint8Array, directory: string): Promise<LoadedAddon> {
  try {
    await using written = await open(directory, O_TMPFILE | constants.O_RDWR | constants.O_EXCL, 0o700);
    const { type } = await statfs(`/proc/self/fd/${written.fd}`);
    if (type === FUSE) {
      return { loaded: false, reason: `a file system of another user may be mounted at ${directory}` };
    }
    await written.writeFile(bytes);
    await using readOnly = await open(`/proc/self/fd/${written.fd}`, constants.O_RDONLY);
    // A library that is open for writing cannot be executed on some file systems.
    await written.close();
    return load(`/proc/self/fd/${detour()}${readOnly.fd}`);
  } catch (error) {
    return { loaded: false, reason: messageOf(error) };
  }
}

/**
 * A path that leads nowhere, and is another text each time: the dynamic linker takes a library for one that is loaded already when its path
 * is the same, whatever the file is, and descriptors are given anew. It need not be secret, so it costs no node:crypto.
 */
function detour(): string {
  const bits = Math.floor(Math.random() * 2 ** 52);
  return [...bits.toString(2).padStart(52, '0')].map((bit) => (bit === '1' ? './' : '/')).join('');
}

async function loadUnpacked(bytes: Uint8Array, parent: string): Promise<LoadedAddon> {
  let directory: string | undefined;
  try {
    directory = await mkdtemp(path.join(parent, '.etcdbrctl-'));
    const file = path.join(directory, 'module.node');
    await writeFile(file, bytes, { mode: 0o500, flag: 'wx' });
    if (!Buffer.from(bytes).equals(await readFile(file))) {
      return { loaded: false, reason: `${file} is not what was written there` };
    }
    return load(file);
  } catch (error) {
    return { loaded: false, reason: messageOf(error) };
  } finally {
    if (directory !== undefined) {
      // On NFS it goes only when the module is no longer mapped: what was loaded works all the same.
      await rm(directory, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

function load(file: string): LoadedAddon {
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
