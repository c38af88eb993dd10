import { copyFile, open } from 'node:fs/promises';
import path from 'node:path';
import { syncDirectory } from '../../fs/sync.ts';
import type { TornTail } from './reader.ts';

/**
 * Cuts a torn record off the log as etcd does at its start: the segment is copied to a file `.broken` (an older one is
 * replaced), then truncated after its last intact record. Durable when it returns.
 */
export async function repairWal(torn: TornTail): Promise<{ readonly copy: string }> {
  const copy = `${torn.file}.broken`;
  await copyFile(torn.file, copy);
  await syncFile(copy);
  const segment = await open(torn.file, 'r+');
  try {
    await segment.truncate(torn.offset);
    await segment.sync();
  } finally {
    await segment.close();
  }
  await syncDirectory(path.dirname(torn.file));
  return { copy };
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
