import { constants, type FileHandle, lstat, open } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories } from '../../fs/directories.ts';
import { isErrno } from '../../fs/errno.ts';
import { kindOf } from '../../fs/open-file.ts';
import { syncDirectory } from '../../fs/sync.ts';

/** Longer than any name of a namespace, bytes. */
const longest = 1024;

/**
 * Compares the namespace with the one that the file `safe_guard` next to the data directory was created for, and creates
 * the file (0600) when there is none. Returns why the volume is the wrong one, or undefined when it is right; never what the file
 * holds. Nothing is touched on a wrong volume, and nothing but a file of this name is read or changed.
 */
export async function checkSafeGuard(dataDir: string, namespace: string): Promise<string | undefined> {
  const file = path.join(path.dirname(dataDir), 'safe_guard');
  const found = await lstat(file).catch(unlessMissing);
  if (found === undefined) {
    await create(file, namespace);
    return undefined;
  }
  if (!found.isFile()) {
    return `${file} is ${kindOf(found)}, not a file`;
  }
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    return await compare(handle, { file, namespace });
  } finally {
    await handle.close();
  }
}

async function compare(
  handle: FileHandle,
  { file, namespace }: { readonly file: string; readonly namespace: string },
): Promise<string | undefined> {
  const facts = await handle.stat();
  if (!facts.isFile()) {
    return `${file} is ${kindOf(facts)}, not a file`;
  }
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(longest + 1), 0, longest + 1, 0);
  const text = buffer.subarray(0, bytesRead).toString('utf8').trimEnd();
  if (bytesRead > longest || text !== namespace) {
    return `${file} was not made for the namespace ${JSON.stringify(namespace)}`;
  }
  if ((facts.mode & 0o777) !== 0o600) {
    await handle.chmod(0o600);
  }
  return undefined;
}

async function create(file: string, namespace: string): Promise<void> {
  await makeDirectories(path.dirname(file));
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(namespace);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncDirectory(path.dirname(file));
}

function unlessMissing(error: unknown): undefined {
  if (!isErrno(error, 'ENOENT')) {
    throw error;
  }
}
