import path from 'node:path';
import { Database } from '../../datadir/bbolt/database.ts';
import { readLastRevision } from '../../datadir/mvcc/last-revision.ts';
import type { RunLock } from '../../datadir/run-lock.ts';
import { type Revision, revision } from '../../revision.ts';

/**
 * The revision that the db of a `member/` reaches that was kept aside, where that is more than was restored in its place: its log was
 * damaged, and not what the log had brought it to. Its pages are not checked. Undefined where it reaches no further, or cannot be read.
 */
export async function reachOfKept(
  { memberDir, restored }: { readonly memberDir: string; readonly restored: Revision },
  lock: RunLock,
): Promise<Revision | undefined> {
  try {
    const reached = await lock.asOwner(async () => {
      await using database = await Database.open(path.join(memberDir, 'snap', 'db'));
      return revision(await readLastRevision(database));
    });
    return reached > restored ? reached : undefined;
  } catch {
    // The member is restored; nothing of this may make it fail.
    return undefined;
  }
}

/** What to do about it, for people. */
export function adviceOnKept(memberDir: string): string {
  const db = path.join(memberDir, 'snap', 'db');
  return `\`etcdbrctl status ${db}\` checks it, \`etcdbrctl restore --file ${db} --skip-hash-check\` makes a member of it`;
}
