import { type FileHandle, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { openFile } from '../../fs/open-file.ts';
import { readBlocks } from '../../fs/read-blocks.ts';
import { syncDirectory } from '../../fs/sync.ts';
import type { TornTail } from './reader.ts';

/**
 * Cuts a torn record off the log as etcd does at its start: the segment is copied to a file `.broken` (0600; an older one is
 * replaced), then truncated after its last intact record. Durable when it returns. Writes through no link.
 */
export async function repairWal(torn: TornTail): Promise<{ readonly copy: string }> {
  const copy = `${torn.file}.broken`;
  const segment = await openFile(torn.file, { access: 'update' });
  try {
    await copyTo(copy, segment);
    await segment.truncate(torn.offset);
    await segment.sync();
  } finally {
    await segment.close();
  }
  await syncDirectory(path.dirname(torn.file));
  return { copy };
}

/** What has the name, be it a link, is removed first: the copy is a new file. */
async function copyTo(copy: string, segment: FileHandle): Promise<void> {
  await rm(copy, { force: true });
  const handle = await open(copy, 'wx', 0o600);
  try {
    for await (const block of readBlocks(segment)) {
      await handle.writeFile(block);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}
