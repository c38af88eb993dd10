import { chmod, mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from '../../fs/errno.ts';
import { syncDirectory } from '../../fs/sync.ts';

/**
 * Compares the namespace with the one that the file `safe_guard` next to the data directory was created for, and creates
 * the file (0600) when there is none. Returns why the volume is the wrong one, or undefined when it is right.
 * Nothing is touched on a wrong volume.
 */
export async function checkSafeGuard(dataDir: string, namespace: string): Promise<string | undefined> {
  const file = path.join(path.dirname(dataDir), 'safe_guard');
  const found = await read(file);
  if (found === undefined) {
    await create(file, namespace);
    return undefined;
  }
  if (found.trimEnd() !== namespace) {
    return `${file} says ${JSON.stringify(found.trimEnd())}, the namespace is ${JSON.stringify(namespace)}`;
  }
  await chmod(file, 0o600);
  return undefined;
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) {
      return undefined;
    }
    throw error;
  }
}

async function create(file: string, namespace: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(namespace);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncDirectory(path.dirname(file));
}
