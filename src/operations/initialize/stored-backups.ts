import type { Revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { takenOn } from '../../snapshot/ahead-of-clock.ts';
import { restorable } from '../../snapshot/chain.ts';
import { type Histories, historiesOf } from '../../snapshot/history/histories.ts';
import { isTooSmall } from '../../snapshot/too-small.ts';
import type { SnapStore, StoredSnapshot, StoreListing } from '../../snapstore/snapstore.ts';

/** Clocks may differ by so much, s. */
const CLOCK_TOLERANCE = 300;

/** What is known of the store before a directory is judged. */
export type StoredBackups =
  | { readonly content: 'not configured' }
  | { readonly content: 'empty' }
  | {
      readonly content: 'backups';
      /** Latest revision to hold the directory against; undefined when that does not matter. */
      readonly toCompare: Revision | undefined;
      readonly histories: Histories<StoredSnapshot>;
    }
  /** Nothing that is there can be restored, or the store does not say. */
  | { readonly content: 'unusable'; readonly failure: Failure };

/**
 * Asks a store what it holds. That it cannot be asked is a result as well, which says nothing about the directory. Throws the signal's
 * reason, and what is no {@link Failure}.
 */
export async function readStoredBackups(
  { store, members }: { readonly store: SnapStore; readonly members: number },
  context: RunContext,
): Promise<StoredBackups> {
  const listing = await listed(store, context);
  if (listing instanceof Failure) {
    return { content: 'unusable', failure: listing };
  }
  const { snapshots } = listing;
  const histories = historiesOf(snapshots, listing.markers);
  const living = restorable(histories.living.snapshots);
  if (living.length === 0) {
    return snapshots.length === 0 ? { content: 'empty' } : { content: 'unusable', failure: onlyLeftovers(store) };
  }
  if (members > 1) {
    context.log.info('Skipping check for revision consistency, since a member of several catches up with its leader.');
    return { content: 'backups', toCompare: undefined, histories };
  }
  return { content: 'backups', toCompare: newestOf(living, histories.suspected, context), histories };
}

/**
 * The revision that a member must have reached. An object that is too small to be a snapshot, or from the future, proves nothing; and
 * where the cluster may have been put back to an older state, only what was written since counts.
 */
function newestOf(
  living: readonly StoredSnapshot[],
  suspected: Histories<StoredSnapshot>['suspected'],
  { clock, log }: RunContext,
): Revision | undefined {
  const latest = living.at(-1);
  const left = new Set(suspected.flatMap(({ before }) => before));
  const now = clock.now() / 1000 + CLOCK_TOLERANCE;
  const newest = living.findLast((each) => !(left.has(each) || isTooSmall(each) || takenOn(each) > now));
  if (newest !== latest) {
    log.warn(
      { snapshot: latest?.name },
      `${latest?.name} is not compared with: it is empty, from the future, or of a history that may have been left`,
    );
  }
  return newest?.lastRevision;
}

async function listed(store: SnapStore, { signal }: RunContext): Promise<StoreListing | Failure> {
  try {
    return await store.list({ signal });
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
