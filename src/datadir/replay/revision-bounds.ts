import { Database } from '../bbolt/database.ts';
import { readLastRevision } from '../mvcc/last-revision.ts';
import { readEntries } from '../wal/log.ts';
import type { StartState } from './start-state.ts';

/** Between which revisions an etcd that starts from these files will be. */
export interface RevisionBounds {
  readonly atLeast: number;
  readonly atMost: number;
}

/**
 * What the log adds to the db. Each entry is one transaction and raises the revision by one at most; not every one does:
 * some read, fail, or change something else than keys.
 */
export async function boundRevision(
  memberDir: { readonly wal: string },
  start: StartState,
  options: { readonly signal: AbortSignal },
): Promise<RevisionBounds> {
  await using database = await Database.open(start.dbFile);
  const atLeast = await readLastRevision(database);
  let atMost = atLeast;
  const range = { directory: memberDir.wal, after: start.consistentIndex, upTo: start.log.lastIndex };
  await readEntries({ ...range, ...options }, (entry) => {
    if (entry.kind === 'normal' && entry.data.length > 0) {
      atMost++;
    }
  });
  return { atLeast, atMost };
}
