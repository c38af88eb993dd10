import type { Revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { restorable } from '../../snapshot/chain.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';

/** What is known of the store before a directory is judged. */
export type StoredBackups =
  | { readonly content: 'not configured' }
  | { readonly content: 'empty' }
  | {
      readonly content: 'backups';
      /** Latest revision to hold the directory against; undefined when that does not matter. */
      readonly toCompare: Revision | undefined;
    }
  /** Nothing that is there can be restored, or the store does not tell. */
  | { readonly content: 'unusable'; readonly failure: Failure };

/**
 * Asks a store what it holds. That it cannot be asked is a result as well: it says nothing about the directory. Throws the signal's
 * reason, and what is no {@link Failure}.
 */
export async function readStoredBackups(
  { store, members }: { readonly store: SnapStore | undefined; readonly members: number },
  context: RunContext,
): Promise<StoredBackups> {
  if (store === undefined) {
    context.log.info('Skipping check for revision consistency, since no store is configured.');
    return { content: 'not configured' };
  }
  const snapshots = await listed(store, context);
  if (snapshots instanceof Failure) {
    return { content: 'unusable', failure: snapshots };
  }
  const latest = restorable(snapshots).at(-1);
  if (latest === undefined) {
    return snapshots.length === 0 ? { content: 'empty' } : { content: 'unusable', failure: onlyLeftovers(store) };
  }
  if (members > 1) {
    context.log.info('Skipping check for revision consistency, since a member of several catches up with its leader.');
    return { content: 'backups', toCompare: undefined };
  }
  return { content: 'backups', toCompare: latest.lastRevision };
}

async function listed(
  store: SnapStore,
  { signal }: RunContext,
): Promise<Awaited<ReturnType<SnapStore['list']>>['snapshots'] | Failure> {
  try {
    return (await store.list({ signal })).snapshots;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Failure) {
      return error;
    }
    throw error;
  }
}

function onlyLeftovers(store: SnapStore): Failure {
  return new Failure({
    code: 'no_backup',
    action: 'restore from',
    object: store.location,
    found: 'it holds parts of snapshots or excluded ones only, none that can be restored',
    remedy: 'see etcdbrctl list',
  });
}
