import { open } from 'node:fs/promises';
import { isErrno } from './errno.ts';

/**
 * Makes the names in a directory durable: files created, renamed or removed there survive a power failure.
 * Does nothing on file systems that cannot sync a directory, as some network file systems: they keep its names by themselves.
 */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (!isErrno(error, 'EINVAL') && !isErrno(error, 'ENOTSUP')) {
      throw error;
    }
  } finally {
    await handle.close();
  }
}
