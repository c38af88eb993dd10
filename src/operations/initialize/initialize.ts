import { readdir } from 'node:fs/promises';
import type { Database } from '../../datadir/bbolt/database.ts';
import { lockDb } from '../../datadir/db-lock.ts';
import { RunLock } from '../../datadir/run-lock.ts';
import { readStructure } from '../../datadir/structure.ts';
import type { PinnedDirectory } from '../../fs/pinned-directory.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import { refuseMisplacedDirectory } from '../restore/refuse-misplaced-directory.ts';
import type { SeparateWal } from '../restore/separate-wal.ts';
import { type DataDirState, reasonOf } from './data-dir-state.ts';
import type { InitializeRequest, InitializeResult } from './initialize-request.ts';
import { memberAsFound } from './member-as-found.ts';
import { showInterruption } from './replacement-names.ts';
import type { DirectoryAtHand } from './restore-invalid.ts';
import type { CountingMark } from './restored-on-purpose.ts';
import { checkSafeGuard } from './safe-guard.ts';
import type { StoredBackups } from './stored-backups.ts';
import { validateDataDir } from './validate.ts';

export type { DataDirState, InitializeRequest, InitializeResult };

/**
 * Validates a data directory and replaces it from the store when it cannot be trusted.
 *
 * Nothing is deleted: the `member/` of an invalid directory is kept aside when it is replaced, or, with a store that is proved to
 * be empty, moved aside so that a new member starts. A directory that is valid by itself is kept when the store cannot be
 * read. Throws a {@link Failure}: `wrong_volume`, `data_dir_locked` and `data_dir_busy` before anything is touched,
 * `data_dir_invalid` when there is no store to restore from, and whatever the restore throws; the directory is then as before.
 *
 * A container waits for this at each start, and nearly always all is well: what only a bad directory needs is loaded for
 * that one.
 */
export async function initialize(request: InitializeRequest, context: RunContext): Promise<InitializeResult> {
  const inner: RunContext = { ...context, log: context.log.child({ actor: 'initializer' }) };
  const { store, dataDir, walDir } = request;
  try {
    await refuseMisplacedDirectory({ store, directory: dataDir, flag: '--data-dir', action: 'initialize' }, inner);
    if (walDir !== undefined) {
      await refuseMisplacedDirectory({ store, directory: walDir, flag: '--wal-dir', action: 'initialize' }, inner);
    }
    await using lock = await RunLock.take(request.dataDir, inner, { action: 'initialize' });
    return await initializeLocked({ ...request, dataDir: lock.dataDir }, lock, inner);
  } catch (error) {
    const { restoreFailure } = await import('../restore/restore-failure.ts');
    throw restoreFailure(error, { action: 'initialize', dataDir: request.dataDir, signal: context.signal });
  }
}

async function initializeLocked(
  request: InitializeRequest,
  lock: RunLock,
  context: RunContext,
): Promise<InitializeResult> {
  const { dataDir, namespace, mode, store, member } = request;
  if (namespace !== undefined) {
    await lock.asOwnerOfParent(() => guardVolume(dataDir, namespace));
  }
  await using dbLock = await lockDb(dataDir, context, {
    action: 'initialize',
    openAs: (open) => lock.asOwner(open),
  });
  await using wal = await openWal(request, lock);
  await finishEarlier(lock.directory, wal, context);
  context.log.info('Checking for data directory structure validity...');
  const before = await memberAsFound(lock);
  const structure = await lock.asOwner(() => readStructure(dataDir, { walDir: wal?.name }));
  const members = Math.max(member.initialCluster.size, request.cluster === undefined ? 1 : 2);
  const stored = store === undefined ? withoutStore(context) : await storedBackups({ store, members }, context);
  const storeRevision = stored.content === 'backups' ? stored.toCompare : undefined;
  const found = await lock.asOwner(() => validateDataDir({ structure, mode, storeRevision }, context));
  request.onValidated?.(found);
  const dbLocked = dbLock !== undefined;
  const directory = { request, lock, wal, dbLocked, before, structure, found, stored };
  if (found.state === 'valid') {
    await warnOfLeft({ request, lock, structure, stored }, context);
    return request.cluster === undefined
      ? keep(found, stored, context)
      : await settleValid({ ...directory, found }, context);
  }
  const { restoredOnPurpose } = await import('./restored-on-purpose.ts');
  const histories = stored.content === 'backups' ? stored.histories : undefined;
  const mark =
    structure.kind === 'member' && histories !== undefined
      ? await lock.asOwner(() => restoredOnPurpose({ member: structure, found, histories }, context))
      : undefined;
  if (
    found.state === 'behind_store' &&
    (mark !== undefined || (await hasGoneOn({ request, lock, structure, stored }, context)))
  ) {
    // Where no mark says that it was put back, all of it is checked: it may be behind because something was lost.
    const thorough = mark === undefined ? 'full' : mode;
    const alone = await lock.asOwner(() =>
      validateDataDir({ structure, mode: thorough, storeRevision: undefined }, context),
    );
    if (alone.state === 'valid') {
      return keep(alone, stored, context);
    }
  }
  describe(found, dataDir, context);
  const { settleDirectory } = await import('./settle-directory.ts');
  return await settleDirectory({ ...directory, request: again(request, mark) }, context);
}

/** A volume from before the cluster was put back is sound, and reaches further than the backup: that it is the wrong one has to be said. */
async function warnOfLeft(
  { request, lock, structure, stored }: Pick<DirectoryAtHand, 'request' | 'lock' | 'structure' | 'stored'>,
  context: RunContext,
): Promise<void> {
  const { store, dataDir } = request;
  const isAlone = stored.content === 'backups' && stored.toCompare !== undefined && stored.histories.left.length > 0;
  if (!isAlone || structure.kind !== 'member' || store === undefined) {
    return;
  }
  const { findLeftHistory } = await import('./left-directory.ts');
  const { histories } = stored;
  const openAs = (open: () => Promise<Database>) => lock.asOwner(open);
  const left = await findLeftHistory({ member: structure, openAs, store, histories }, context);
  if (left !== undefined) {
    context.log.warn(
      { history: left.number },
      `${dataDir} HOLDS HISTORY ${left.number} of the backup, which was left since; the one that was written last ends at revision ${stored.toCompare}. It is ` +
        'kept as it is: where the wrong volume is mounted, stop etcd and mount the right one; else the next run of snapshot begins a new history',
    );
  }
}

/** Whether a directory ends before the backup because it was put back to an older state, without a mark, and has gone on since. */
async function hasGoneOn(
  { request, lock, structure, stored }: Pick<DirectoryAtHand, 'request' | 'lock' | 'structure' | 'stored'>,
  context: RunContext,
): Promise<boolean> {
  const { store, tempDir, dataDir } = request;
  if (structure.kind !== 'member' || store === undefined || stored.content !== 'backups') {
    return false;
  }
  const { findOtherHistory } = await import('./other-history.ts');
  const { histories } = stored;
  const openAs = (open: () => Promise<Database>) => lock.asOwner(open);
  const other = await findOtherHistory({ member: structure, openAs, store, histories, tempDir }, context);
  if (other !== undefined) {
    context.log.warn(
      { snapshot: other.snapshot.name, revision: other.revision },
      `${dataDir} ends before the backup does, and holds another revision ${other.revision} than ${other.snapshot.name}: it was put back ` +
        'to an older state and has gone on since. It is kept: the next run of snapshot says that a new history begins',
    );
  }
  return other !== undefined;
}

/** A member whose files are whole starts with them, unless its cluster has another place for it. */
async function settleValid(
  directory: DirectoryAtHand & { readonly found: Valid },
  context: RunContext,
): Promise<InitializeResult> {
  const { settleDirectory } = await import('./settle-directory.ts');
  const settled = await settleDirectory(directory, context);
  return settled.action === 'kept' ? keep(directory.found, directory.stored, context) : settled;
}

/** The directory of the log, where it has one of its own. One that is missing is made, as etcd does. */
async function openWal({ walDir }: InitializeRequest, lock: RunLock): Promise<SeparateWal | undefined> {
  if (walDir === undefined) {
    return undefined;
  }
  const { SeparateWal } = await import('../restore/separate-wal.ts');
  return await SeparateWal.open(walDir, { lock });
}

function withoutStore({ log }: RunContext): StoredBackups {
  log.info('Skipping check for revision consistency, since no store is configured.');
  return { content: 'not configured' };
}

async function storedBackups(
  of: { readonly store: SnapStore; readonly members: number },
  context: RunContext,
): Promise<StoredBackups> {
  const { readStoredBackups } = await import('./stored-backups.ts');
  return await readStoredBackups(of, context);
}

/** Makes whole what an earlier run has left, which is rare. */
async function finishEarlier(
  directory: PinnedDirectory | undefined,
  wal: SeparateWal | undefined,
  context: RunContext,
): Promise<void> {
  if (wal !== undefined) {
    const { finishSeparateWal } = await import('./finish-replacement.ts');
    await finishSeparateWal(directory, wal, context);
  }
  if (directory !== undefined && showInterruption(await readdir(directory.path))) {
    const { finishReplacement } = await import('./finish-replacement.ts');
    await finishReplacement(directory, context);
  }
}

/** What was restored on purpose is restored again, and not what was left. */
function again(request: InitializeRequest, mark: CountingMark | undefined): InitializeRequest {
  const { revision, history } = mark ?? {};
  return revision === undefined ? request : { ...request, target: { until: { kind: 'revision', revision }, history } };
}

type Valid = Extract<DataDirState, { readonly state: 'valid' }>;

function keep(found: Valid, stored: StoredBackups, { log }: RunContext): InitializeResult {
  const kept = { found, action: 'kept', restored: undefined } as const;
  if (stored.content !== 'unusable') {
    log.info({ revision: found.revision }, 'Data directory valid.');
    return kept;
  }
  const notCompared = stored.failure.message;
  log.warn(`Data directory valid, and kept without a comparison with the backup: ${notCompared}`);
  return { ...kept, notCompared };
}

async function guardVolume(dataDir: string, namespace: string): Promise<void> {
  const wrong = await checkSafeGuard(dataDir, namespace);
  if (wrong !== undefined) {
    throw new Failure({
      code: 'wrong_volume',
      action: 'initialize',
      object: dataDir,
      found: `the volume belongs to another namespace: ${wrong}`,
      remedy: 'mount the right volume; nothing was changed on this one',
    });
  }
}

function describe(found: DataDirState, dataDir: string, context: RunContext): void {
  if (found.state === 'absent') {
    context.log.info(`Data directory does not exist: ${dataDir}`);
  } else if (found.state !== 'behind_store') {
    context.log.warn({ state: found.state }, `Data directory invalid: ${reasonOf(found)}`);
  }
}
