import type { RunLock } from '../../datadir/run-lock.ts';
import type { Structure } from '../../datadir/structure.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import { buildMember, type RestoreRequest, type RestoreResult, restoreLocked } from '../restore/restore.ts';
import type { SeparateWal } from '../restore/separate-wal.ts';
import { type DataDirState, reasonOf } from './data-dir-state.ts';
import type { InitializeRequest, InitializeResult } from './initialize-request.ts';
import { nameAside, type Replacement, replaceMember, setMemberAside } from './replace-data-dir.ts';
import { startAnew } from './start-anew.ts';
import type { StoredBackups } from './stored-backups.ts';
import { validateDataDir } from './validate.ts';

/** A directory that cannot be trusted, and what is known of its backup. */
export interface InvalidDirectory {
  readonly request: InitializeRequest;
  /** Held by this run. */
  readonly lock: RunLock;
  /** For the log, where it has a directory of its own. */
  readonly wal: SeparateWal | undefined;
  /** Whether there was a db, whose lock this run holds as well. */
  readonly dbLocked: boolean;
  readonly structure: Structure;
  readonly found: DataDirState;
  readonly stored: StoredBackups;
}

/**
 * Restores a directory that is invalid or absent, or makes way for a new member. Throws a {@link Failure} when neither may be done;
 * the directory is then as it was.
 */
export async function replaceInvalid(invalid: InvalidDirectory, context: RunContext): Promise<InitializeResult> {
  const { request, found, stored } = invalid;
  const { dataDir, store } = request;
  if (store === undefined) {
    if (found.state === 'absent') {
      context.log.info(`There is nothing to restore ${dataDir} from; a new member can start.`);
      return { found, action: 'none', restored: undefined };
    }
    throw new Failure({
      code: 'data_dir_invalid',
      action: 'initialize',
      object: dataDir,
      found: reasonOf(found),
      remedy: 'configure the store that holds its backups, or move it away to start a new member',
    });
  }
  if (stored.content === 'unusable') {
    throw stored.failure;
  }
  const awaited = await whenAwaited(invalid, context);
  if (awaited !== undefined) {
    return awaited;
  }
  if (stored.content !== 'backups') {
    const { wal } = invalid;
    const { directory } = invalid.lock;
    const absent = found.state === 'absent';
    if (absent && (await wal?.holdsLog())) {
      throw new Failure({
        code: 'data_dir_invalid',
        action: 'initialize',
        object: dataDir,
        found: `it is missing, while ${wal?.name} holds a log, and there is no backup`,
        remedy: 'mount the volume of the data directory, or move the log away to start a new member',
      });
    }
    const started = await startAnew({ dataDir, directory, absent, store }, context);
    if (started.action === 'moved_aside') {
      await wal?.setAside(nameAside(context));
    }
    return { found, restored: undefined, ...started };
  }
  return await restoreInvalid({ ...invalid, store }, context);
}

/**
 * Asks the cluster of a member of several, if it is alive. Makes way for a member that it awaits; undefined where no cluster answers.
 * Throws a {@link Failure} when nothing may be done without it.
 */
async function whenAwaited(
  { request, lock, wal, found, stored }: InvalidDirectory,
  context: RunContext,
): Promise<InitializeResult | undefined> {
  const { dataDir, member, connection } = request;
  const absent = found.state === 'absent';
  refuseUnnamedMembers({ request, found, isNew: absent && stored.content === 'empty' });
  if (member.initialCluster.size < 2 || (absent && stored.content === 'empty')) {
    return undefined;
  }
  if (connection !== undefined) {
    const { placeInCluster } = await import('./living-cluster.ts');
    const place = await placeInCluster({ member, connection }, context, { action: 'initialize', dataDir });
    if (place.kind === 'awaited') {
      const keptAside = await setMemberAside(lock.directory, context);
      await wal?.setAside(nameAside(context));
      context.log.info(
        { keptAside },
        `${member.name} was added to its cluster, which sends everything to it when it starts`,
      );
      return keptAside === undefined
        ? { found, action: 'none', restored: undefined }
        : { found, action: 'moved_aside', restored: undefined, keptAside };
    }
  }
  if (stored.content === 'empty') {
    throw new Failure({
      code: 'data_dir_invalid',
      action: 'initialize',
      object: dataDir,
      found: `${reasonOf(found)}; there is no backup, and no other member of its cluster answers`,
      remedy: 'remove the member from its cluster and add it again, or, if all members are new, move member/ away',
    });
  }
  return undefined;
}

/** One of several members must not be restored as if it were alone, nor make way without a look at the others. */
function refuseUnnamedMembers({
  request: { dataDir, member, configuredMembers = 1 },
  found,
  isNew,
}: Pick<InvalidDirectory, 'request' | 'found'> & { readonly isNew: boolean }): void {
  if (configuredMembers > 1 && member.initialCluster.size < 2 && !isNew) {
    throw new Failure({
      code: 'data_dir_invalid',
      action: 'initialize',
      object: dataDir,
      found: `${reasonOf(found)}; etcd's configuration names ${configuredMembers} members, and --initial-cluster is not given`,
      remedy:
        'give --name, --initial-cluster and --initial-advertise-peer-urls of this member, and --endpoints of the others',
    });
  }
}

async function restoreInvalid(
  { request, lock, wal, dbLocked, structure, found, store }: InvalidDirectory & { readonly store: SnapStore },
  context: RunContext,
): Promise<InitializeResult> {
  const { dataDir, mode } = request;
  try {
    const { built, keptAside } = await restoreThere({ request: { ...request, store }, lock, wal, dbLocked }, context);
    context.log.info({ revision: built.revision }, 'Successfully restored the etcd data directory.');
    const aside = keptAside === undefined ? {} : { keptAside };
    return { found, action: 'restored', restored: { ...built, dataDir }, ...aside };
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
  work: Pick<InvalidDirectory, 'lock' | 'wal' | 'dbLocked'> & { readonly request: RestoreRequest },
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
