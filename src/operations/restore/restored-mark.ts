import path from 'node:path';
import { openFile } from '../../fs/open-file.ts';
import type { Revision } from '../../revision.ts';
import type { History } from '../../snapshot/history/histories.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';

/**
 * What a restore to an older state leaves in `member/`, where etcd looks at nothing but `snap` and `wal`: without it, a directory that
 * ends before the backup does could not be distinguished from one that has lost something. It moves and goes with the member.
 */
export interface RestoredMark {
  /** The state that was brought back. */
  readonly revision: Revision;
  /** When, whole seconds since the epoch. */
  readonly restoredOn: number;
  /** Creation time of the youngest snapshot that was in the store then, seconds since the epoch. */
  readonly newestSeen: number;
  /** Number of the history it was restored from. */
  readonly history: number;
  /**
   * Names of the snapshots beyond that state that were in the store and have a time after `restoredOn` in their names: another clock was
   * ahead.
   */
  readonly seenAhead?: readonly string[] | undefined;
  /** The marker with which the history began that was written last then; null for the first one that is known. Left out by older versions. */
  readonly livingBegunBy?: string | null | undefined;
}

/** The file with the mark, in `member/`. */
export const MARK_NAME = 'etcdbrctl-restored.json';
/** So many names of snapshots are written, and no more are read. */
export const MOST_NAMES = 20_000;
const DAY = 86_400;

/** The mark of a restore to the revision `reached` of a history, `seconds` since the epoch, from what was `seen` in the store. */
export function restoredMark(
  from: {
    readonly reached: Revision;
    readonly history: Pick<History<StoredSnapshot>, 'number'>;
    readonly seen: readonly StoredSnapshot[];
    /** The history that was written last. */
    readonly living: Pick<History<StoredSnapshot>, 'begunBy'>;
  },
  seconds: number,
): RestoredMark {
  const { reached, history, seen, living } = from;
  const credible = seen.flatMap(({ ahead, createdOn }) => (ahead === undefined ? createdOn : []));
  return {
    revision: reached,
    restoredOn: seconds,
    newestSeen: Math.min(
      credible.reduce((most, each) => Math.max(most, each), 0),
      seconds + DAY,
    ),
    history: history.number,
    seenAhead: seen
      .filter(({ createdOn, lastRevision }) => createdOn > seconds && lastRevision > reached)
      .map(({ name }) => name),
    livingBegunBy: living.begunBy?.name ?? null,
  };
}

/** Writes the mark of a member directory that is being built (0600), durable when this resolves. */
export async function writeRestoredMark(memberDir: string, mark: RestoredMark): Promise<void> {
  const handle = await openFile(path.join(memberDir, MARK_NAME), { access: 'write' });
  try {
    const seenAhead = mark.seenAhead?.slice(-MOST_NAMES);
    await handle.writeFile(`${JSON.stringify({ format: 1, ...mark, seenAhead })}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
