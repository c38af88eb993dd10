import { open } from 'node:fs/promises';

/** Makes the names in a directory durable: files created, renamed or removed there survive a power failure. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
