import type { RunLock } from '../../datadir/run-lock.ts';
import type { Structure } from '../../datadir/structure.ts';
import type { FileIdentity } from '../../fs/same-file.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import { buildMember, type RestoreRequest, type RestoreResult, restoreLocked } from '../restore/restore.ts';
import type { SeparateWal } from '../restore/separate-wal.ts';
import type { DataDirState } from './data-dir-state.ts';
import type { InitializeRequest, InitializeResult } from './initialize-request.ts';
import { adviceOnKept, reachOfKept } from './reach-of-kept.ts';
import { nameAside, type Replacement, replaceMember } from './replace-data-dir.ts';
import type { StoredBackups } from './stored-backups.ts';
import { validateDataDir } from './validate.ts';

/** A directory that was looked at, and what is known of its backup. */
export interface DirectoryAtHand {
  readonly request: InitializeRequest;
  /** Held by this run. */
  readonly lock: RunLock;
  /** For the log, where it has a directory of its own. */
  readonly wal: SeparateWal | undefined;
  /** Whether there was a db, whose lock this run holds as well. */
  readonly dbLocked: boolean;
  /** `member/` as it was found; undefined when there was none. */
  readonly before: FileIdentity | undefined;
  readonly structure: Structure;
  readonly found: DataDirState;
  readonly stored: StoredBackups;
}

/**
 * Restores a directory from its backup. One that is behind the store and valid by itself is kept when the backup is to blame for a
 * failure; otherwise it is as before.
 */
export async function restoreInvalid(
  { request, lock, wal, dbLocked, structure, found, store }: DirectoryAtHand & { readonly store: SnapStore },
  context: RunContext,
): Promise<InitializeResult> {
  const { dataDir, mode } = request;
  try {
    const { built, keptAside } = await restoreThere(
      { request: { ...request, store, command: 'initialize' }, lock, wal, dbLocked },
      context,
    );
    context.log.info({ revision: built.revision }, 'Successfully restored the etcd data directory.');
    const restored = { ...built, dataDir };
    if (keptAside === undefined) {
      return { found, action: 'restored', restored };
    }
    const keptReaches = await reachOfKept({ memberDir: keptAside, restored: built.revision }, lock);
    if (keptReaches === undefined) {
      return { found, action: 'restored', restored, keptAside };
    }
    context.log.warn(
      { keptAside, revision: keptReaches },
      `The db that was kept aside reaches revision ${keptReaches}, the backup ${built.revision}: ${adviceOnKept(keptAside)}`,
    );
    return { found, action: 'restored', restored, keptAside, keptReaches };
  } catch (error) {
    context.signal.throwIfAborted();
    if (found.state !== 'behind_store' || !isOfBackup(error)) {
      throw error;
    }
    // A name in the store says that there is more, and nothing proves it: what is here is all there is.
    const alone = await lock.asOwner(() => validateDataDir({ structure, mode, storeRevision: undefined }, context));
    if (alone.state !== 'valid') {
      throw error;
    }
    context.log.warn(
      `The backup that reaches further than ${dataDir} cannot be restored: ${error.message}. The directory is valid by itself and kept.`,
    );
    return { found, action: 'kept', restored: undefined, notCompared: error.message };
  }
}

/** Restores into the directory, or, where there is none, makes it. */
async function restoreThere(
  work: Pick<DirectoryAtHand, 'lock' | 'wal' | 'dbLocked'> & { readonly request: RestoreRequest },
  context: RunContext,
): Promise<Replacement<Omit<RestoreResult, 'dataDir'>>> {
  const { request, lock, wal, dbLocked } = work;
  const inner: RunContext = { ...context, log: context.log.child({ actor: 'restorer' }) };
  if (lock.directory === undefined) {
    return {
      built: await restoreLocked(request, { lock, wal, aside: nameAside(context) }, inner),
      keptAside: undefined,
    };
  }
  return await replaceMember(
    { lock, directory: lock.directory, dbLocked, wal },
    (memberDir) => buildMember(request, memberDir, inner),
    context,
  );
}

/** Whether the backup itself is to blame; what passes, such as a store that does not answer, is not. */
function isOfBackup(error: unknown): error is Failure {
  return (
    error instanceof Failure && ['snapshot_corrupt', 'backup_gap', 'no_backup', 'history_fork'].includes(error.code)
  );
}
