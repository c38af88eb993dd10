import { lstat, readdir, readlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Header, type Pack, pack } from 'tar-stream';
import { refusalOf } from '../../fs/file-failure.ts';
import { openFile } from '../../fs/open-file.ts';
import { Failure } from '../../runtime/failure.ts';
import { limits } from '../../runtime/limits.ts';
import type { Logger } from '../../runtime/log/logger.ts';

/** Bytes read from a file at a time. */
const readSize = 256 * 1024;

/** Larger ids and times than these have no room in a header. */
const mostInHeader = { id: 0o777777, seconds: 0x7fff_ffff } as const;

/** Most bytes of an archive for each entry besides its contents: its headers, and the rest of a last block. */
const overhead = 8 * 1024;

interface PackContext {
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** The most that the archive may have, bytes and entries: what is unpacked has the same limits. */
  readonly mostBytes?: number;
  readonly mostEntries?: number;
}

/**
 * Files, directories with all in them, and symbolic links as a tar archive, with modes, owners and times. Entries are named by their
 * absolute paths without the first slash. Throws a Failure `companion_unreadable` that names the path.
 */
export async function* packFiles(
  paths: readonly string[],
  context: PackContext,
): AsyncGenerator<Uint8Array, void, undefined> {
  const archive = pack();
  const packed = packAll(archive, paths, context);
  try {
    yield* archive as AsyncIterable<Uint8Array>;
  } finally {
    archive.destroy();
    await packed;
  }
}

/** Never rejects: what fails ends the archive. */
async function packAll(archive: Pack, paths: readonly string[], context: PackContext): Promise<void> {
  try {
    const packing: Packing = { archive, packed: new Set(), size: 0 };
    for (const path of paths) {
      await packPath(packing, resolve(path), context);
    }
    archive.finalize();
  } catch (error) {
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

interface Packing {
  readonly archive: Pack;
  /** Paths in the archive: one that is given twice, or with a directory above it, is packed once. */
  readonly packed: Set<string>;
  /** Most bytes that the archive has so far. */
  size: number;
}

async function packPath(packing: Packing, path: string, context: PackContext): Promise<void> {
  context.signal.throwIfAborted();
  const { archive, packed } = packing;
  if (packed.has(path)) {
    return;
  }
  packed.add(path);
  const facts = await reading(path, () => lstat(path));
  const { mode, uid, gid, size } = facts;
  packing.size += overhead + (facts.isFile() ? size : 0);
  const { mostBytes = limits.companionArchive.most, mostEntries = limits.companionEntries.most } = context;
  if (packing.size > mostBytes || packed.size > mostEntries) {
    throw unreadable(path, `with it there are more than ${mostBytes} bytes or ${mostEntries} files`);
  }
  const seconds = Math.max(0, Math.floor(facts.mtimeMs / 1000));
  const mtime = new Date(Math.min(seconds, mostInHeader.seconds) * 1000);
  const attributes = {
    ...(uid > mostInHeader.id ? { uid } : {}),
    ...(gid > mostInHeader.id ? { gid } : {}),
    ...(seconds > mostInHeader.seconds ? { mtime: seconds } : {}),
  };
  const pax = Object.keys(attributes).length === 0 ? null : attributes;
  const header = { name: path.slice(1), mode, uid, gid, mtime, pax };
  if (facts.isSymbolicLink()) {
    const linkname = await reading(path, () => readlink(path));
    await packEntry(archive, { ...header, type: 'symlink', linkname });
  } else if (facts.isDirectory()) {
    await packEntry(archive, { ...header, name: `${header.name}/`, type: 'directory' });
    for (const name of (await reading(path, () => readdir(path))).toSorted()) {
      await packPath(packing, join(path, name), context);
    }
  } else if (facts.isFile()) {
    await packEntry(archive, { ...header, type: 'file', size }, contents(path, size));
  } else {
    context.log.warn({ path }, 'Left out of the companion: neither a file, a directory nor a link');
  }
}

async function packEntry(
  archive: Pack,
  header: Partial<Header> & Pick<Header, 'name'>,
  body?: AsyncIterable<Uint8Array>,
): Promise<void> {
  const packed = Promise.withResolvers<void>();
  const entry = archive.entry(header, (error) => (error ? packed.reject(error) : packed.resolve()));
  // It ends with an error when the archive is not read to its end.
  packed.promise.catch(() => undefined);
  entry.on('error', () => undefined);
  for await (const bytes of body ?? []) {
    if (!entry.write(bytes)) {
      const drained = Promise.withResolvers<void>();
      entry.once('drain', drained.resolve);
      await Promise.race([drained.promise, packed.promise]);
    }
  }
  if (body !== undefined) {
    entry.end(undefined);
  }
  await packed.promise;
}

/** Exactly `size` bytes of a file. */
async function* contents(path: string, size: number): AsyncGenerator<Uint8Array, void> {
  await using handle = await reading(path, () => openFile(path, { links: 'refused' }));
  for (let done = 0; done < size; ) {
    const bytes = Buffer.allocUnsafe(Math.min(readSize, size - done));
    const { bytesRead } = await reading(path, () => handle.read(bytes, 0, bytes.length, done));
    if (bytesRead === 0) {
      throw unreadable(path, 'it became shorter while it was read');
    }
    done += bytesRead;
    yield bytes.subarray(0, bytesRead);
  }
}

async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const refusal = refusalOf(cause);
    throw refusal === undefined ? cause : unreadable(path, refusal.found, cause);
  }
}

function unreadable(path: string, found: string, cause?: unknown): Failure {
  return new Failure({
    code: 'companion_unreadable',
    action: 'include',
    object: path,
    found,
    remedy: 'check --include',
    cause,
  });
}
