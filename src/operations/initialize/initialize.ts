import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { lockDb } from '../../datadir/lock.ts';
import { readStructure } from '../../datadir/structure.ts';
import { isErrno } from '../../fs/errno.ts';
import type { Revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { restorable } from '../../snapshot/chain.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import type { RestoreRequest, RestoreResult } from '../restore/restore.ts';
import type { DataDirState, ValidationMode } from './data-dir-state.ts';
import { finishReplacement, removeDataDir, replaceDataDir } from './replace-data-dir.ts';
import { checkSafeGuard } from './safe-guard.ts';
import { validateDataDir } from './validate.ts';

export type { DataDirState, ValidationMode };

/** What to validate, and what to restore from when it is invalid. */
export interface InitializeRequest extends Omit<RestoreRequest, 'store'> {
  /** Undefined when no store is configured: validation only. */
  readonly store: SnapStore | undefined;
  readonly mode: ValidationMode;
  /** Value of POD_NAMESPACE; the `safe_guard` file must hold it. */
  readonly namespace: string | undefined;
}

/** What was found and what was done about it. */
export interface InitializeResult {
  readonly found: DataDirState;
  readonly action: 'kept' | 'restored' | 'removed' | 'none';
  readonly restored: RestoreResult | undefined;
}

/**
 * Validates a data directory and replaces it from the store when it cannot be trusted.
 *
 * An invalid directory is kept aside until the restored one is in its place. With an empty store it is removed, so that a
 * new member starts. Throws a {@link Failure}: `wrong_volume` and `data_dir_locked` before anything is touched,
 * `data_dir_invalid` when there is no store to restore from, and whatever the restore throws; the directory is then as before.
 *
 * A container waits for this at each start, and nearly always all is well: what only a bad directory needs is loaded for
 * that one.
 */
export async function initialize(request: InitializeRequest, context: RunContext): Promise<InitializeResult> {
  const inner: RunContext = { ...context, log: context.log.child({ actor: 'initializer' }) };
  try {
    const dataDir = await resolveDataDir(request.dataDir);
    return await initializeResolved({ ...request, dataDir }, inner);
  } catch (error) {
    const { restoreFailure } = await import('../restore/restore-failure.ts');
    throw restoreFailure(error, { dataDir: request.dataDir, signal: context.signal });
  }
}

async function initializeResolved(request: InitializeRequest, context: RunContext): Promise<InitializeResult> {
  const { dataDir, namespace, mode } = request;
  if (namespace !== undefined) {
    await guardVolume(dataDir, namespace);
  }
  await using _lock = await lockDb(dataDir, context, { action: 'initialize' });
  await finishReplacement(dataDir, context);
  context.log.info('Checking for data directory structure validity...');
  const structure = await readStructure(dataDir);
  const stored = await storedRevision(request, context);
  const storeRevision = stored.toCompare;
  const found = await validateDataDir({ structure, mode, storeRevision }, context);
  if (found.state === 'valid') {
    context.log.info({ revision: found.revision }, 'Data directory valid.');
    return { found, action: 'kept', restored: undefined };
  }
  describe(found, dataDir, context);
  return await replaceInvalid({ request, found, stored }, context);
}

/** What the store holds, as far as the next step depends on it. */
interface Stored {
  readonly content: 'not configured' | 'empty' | 'backups';
  /** Latest revision to hold the directory against; undefined when there is none, or it does not matter. */
  readonly toCompare: Revision | undefined;
}

async function storedRevision(request: InitializeRequest, context: RunContext): Promise<Stored> {
  const { store } = request;
  if (store === undefined) {
    context.log.info('Skipping check for revision consistency, since no store is configured.');
    return { content: 'not configured', toCompare: undefined };
  }
  const { snapshots } = await store.list({ signal: context.signal });
  const latest = restorable(snapshots).at(-1);
  if (latest === undefined) {
    return { content: 'empty', toCompare: undefined };
  }
  if (request.member.initialCluster.size > 1) {
    context.log.info('Skipping check for revision consistency, since a member of several catches up with its leader.');
    return { content: 'backups', toCompare: undefined };
  }
  return { content: 'backups', toCompare: latest.lastRevision };
}

async function replaceInvalid(
  work: { readonly request: InitializeRequest; readonly found: DataDirState; readonly stored: Stored },
  context: RunContext,
): Promise<InitializeResult> {
  const { request, found, stored } = work;
  const { dataDir, store } = request;
  if (store === undefined || stored.content !== 'backups') {
    if (found.state === 'absent') {
      context.log.info(`There is nothing to restore ${dataDir} from; a new member can start.`);
      return { found, action: 'none', restored: undefined };
    }
    if (store === undefined) {
      throw new Failure({
        code: 'data_dir_invalid',
        action: 'initialize',
        object: dataDir,
        found: reasonOf(found),
        remedy: 'configure the store that holds its backups, or move it away to start a new member',
      });
    }
    context.log.warn(
      `There is no backup in ${store.location}. Removing data directory(${dataDir}), so that a new member starts.`,
    );
    await removeDataDir(dataDir, context);
    return { found, action: 'removed', restored: undefined };
  }
  const { restore } = await import('../restore/restore.ts');
  const restored = await replaceDataDir(
    dataDir,
    (staging) => restore({ ...request, store, dataDir: staging }, context),
    context,
  );
  context.log.info({ revision: restored.revision }, 'Successfully restored the etcd data directory.');
  return { found, action: 'restored', restored: { ...restored, dataDir } };
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

function reasonOf(found: DataDirState): string {
  switch (found.state) {
    case 'valid':
      return 'it is valid';
    case 'absent':
      return 'it does not exist';
    case 'behind_store':
      return `it is at revision ${found.revision}, the store at ${found.storeRevision}`;
    case 'invalid_structure':
    case 'db_corrupt':
    case 'wal_corrupt':
    case 'wrong_volume':
    case 'locked':
      return found.reason;
    default:
      return found satisfies never;
  }
}

/** Links are followed, so that what is renamed is on the volume itself. */
async function resolveDataDir(dataDir: string): Promise<string> {
  try {
    return await realpath(dataDir);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) {
      return path.resolve(dataDir);
    }
    throw error;
  }
}
