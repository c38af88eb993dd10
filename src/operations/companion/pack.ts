import { type FileHandle, lstat, open, readdir, readlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Failure } from '../../runtime/failure.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import { encodeTarHeader, tarBlock } from './tar-header.ts';

/** Bytes read from a file at a time. */
const readSize = 256 * 1024;

/**
 * Files, directories with all in them, and symbolic links as a tar archive, with modes, owners and times. Entries are named by their
 * absolute paths without the first slash. Throws a Failure `companion_unreadable` that names the path.
 */
export async function* packFiles(
  paths: readonly string[],
  { signal, log }: { readonly signal: AbortSignal; readonly log: Logger },
): AsyncGenerator<Uint8Array> {
  for (const path of paths) {
    yield* packed(resolve(path), { signal, log });
  }
  yield Buffer.alloc(2 * tarBlock);
}

async function* packed(
  path: string,
  context: { readonly signal: AbortSignal; readonly log: Logger },
): AsyncGenerator<Uint8Array> {
  context.signal.throwIfAborted();
  const facts = await reading(path, () => lstat(path));
  const { mode, uid, gid, size, mtimeMs } = facts;
  const common = { path: path.slice(1), mode: mode & 0o7777, uid, gid, modified: Math.floor(mtimeMs / 1000) };
  if (facts.isSymbolicLink()) {
    const target = await reading(path, () => readlink(path));
    yield encodeTarHeader({ ...common, kind: 'symlink', size: 0, target });
  } else if (facts.isDirectory()) {
    yield encodeTarHeader({ ...common, path: `${common.path}/`, kind: 'directory', size: 0, target: undefined });
    for (const name of (await reading(path, () => readdir(path))).toSorted()) {
      yield* packed(join(path, name), context);
    }
  } else if (facts.isFile()) {
    yield encodeTarHeader({ ...common, kind: 'file', size, target: undefined });
    yield* contents(path, size);
  } else {
    context.log.warn({ path }, 'Left out of the companion: neither a file, a directory nor a link');
  }
}

/** Exactly `size` bytes of a file, and zeros up to the end of the block. */
async function* contents(path: string, size: number): AsyncGenerator<Uint8Array> {
  await using handle: FileHandle = await reading(path, () => open(path, 'r'));
  for (let done = 0; done < size; ) {
    const bytes = Buffer.allocUnsafe(Math.min(readSize, size - done));
    const { bytesRead } = await reading(path, () => handle.read(bytes, 0, bytes.length, done));
    if (bytesRead === 0) {
      throw unreadable(path, 'it became shorter while it was read');
    }
    done += bytesRead;
    yield bytes.subarray(0, bytesRead);
  }
  yield Buffer.alloc((tarBlock - (size % tarBlock)) % tarBlock);
}

async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw unreadable(path, code === 'ENOENT' ? 'there is no such file' : (code ?? String(cause)), cause);
  }
}

function unreadable(path: string, found: string, cause?: unknown): Failure {
  return new Failure({
    code: 'companion_unreadable',
    action: 'include',
    object: path,
    found,
    remedy: 'check --include; the full snapshot itself is stored',
    cause,
  });
}
