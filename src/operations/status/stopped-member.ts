import { lockDb } from '../../datadir/db-lock.ts';
import { asOwnerOf } from '../../datadir/owner.ts';
import { reachableRevision } from '../../datadir/replay/reachable-revision.ts';
import { readStartState } from '../../datadir/replay/start-state.ts';
import { readStructure } from '../../datadir/structure.ts';
import { PinnedDirectory } from '../../fs/pinned-directory.ts';
import { type Revision, revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';

/** The data directory of an etcd that does not run. */
export interface MemberPlace {
  readonly path: string;
  /** Where it has its log, when not in `member/wal`. */
  readonly walDir?: string | undefined;
}

/** What an etcd would start from. */
export interface StoppedMember {
  readonly dbFile: string;
  /** The revision that etcd reaches after it has applied its write-ahead log. */
  readonly withLog: Revision;
  /** Of its cluster, as its log says. */
  readonly clusterId: bigint;
}

/**
 * Runs `work` with a data directory that no etcd can open meanwhile, as the owner of its files. Throws a Failure `not_a_data_dir` or
 * `data_dir_locked`, Damage, and what `work` throws.
 */
export async function withStoppedMember<T>(
  { path: directory, walDir }: MemberPlace,
  context: RunContext,
  work: (member: StoppedMember) => Promise<T>,
): Promise<T> {
  await using pinned = await PinnedDirectory.open(directory);
  const asOwner = <R>(step: () => Promise<R>): Promise<R> => asOwnerOf(pinned, step, { action: 'read' });
  const structure = await asOwner(() => readStructure(directory, { walDir }));
  if (structure.kind !== 'member') {
    throw new Failure({
      code: 'not_a_data_dir',
      action: 'read',
      object: directory,
      found: structure.kind === 'absent' ? 'the directory is empty' : structure.reason,
      remedy:
        structure.kind === 'without log'
          ? 'if etcd runs with --wal-dir, give it here, too; or give member/snap/db alone'
          : 'give the data directory of a stopped etcd, a db file or a full snapshot',
    });
  }
  await using _lock = await lockDb(directory, context, { action: 'read', openAs: asOwner });
  return await asOwner(async () => {
    const { signal } = context;
    const start = await readStartState(structure.memberDir, { walDir: structure.walDir, signal });
    const withLog = revision(await reachableRevision({ start, signal }));
    return await work({ dbFile: start.dbFile, withLog, clusterId: start.log.metadata.clusterId });
  });
}
