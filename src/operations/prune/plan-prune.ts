import { fetchWhole } from '../../objects/fetch.ts';
import type { Decision } from '../../retention/plan.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { checkSealed } from '../../snapshot/encryption/check-sealed.ts';
import type { DoubtMarker } from '../../snapshot/history/history-marker.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { whyNothingFound } from '../list/why-nothing-found.ts';
import { checkSnapshot } from '../verify/check-snapshot.ts';
import { findingOf } from '../verify/findings.ts';
import { planFor, type RetentionRules } from './prune.ts';

/** What is to be pruned, and how far its newest full is trusted. */
export interface PrunePlanRequest {
  readonly store: SnapStore;
  readonly rules: RetentionRules;
  /**
   * `names`: nothing is read, for a plan that is only shown. Otherwise the full that the others are deleted for is read first; a
   * file in `tempDir` takes its database.
   */
  readonly proof: 'names' | FullReading;
}

/** How a full is read. */
interface FullReading {
  readonly tempDir: string;
  /** What the store gives of encrypted objects: what they hold, or what is stored, of which the structure alone can be checked. */
  readonly encrypted: 'opened' | 'as stored';
}

/** Decisions, and what they are based on. */
export interface PrunePlan {
  /** In chain order. */
  readonly decisions: readonly Decision<StoredSnapshot>[];
  /** The full that others would be deleted for although it was not read; undefined when nothing depends on one. */
  readonly unread: StoredSnapshot | undefined;
  /** Markers of doubt about what is not stored any more. */
  readonly outdatedDoubts: readonly DoubtMarker[];
}

/**
 * Lists the store and decides about each object. Deletes nothing. A full that turns out to be damaged takes the place of no
 * other: the decisions are made anew without it. Throws a Failure `no_backup` for a place that is meant otherwise, `no_identity` where identities do not open that full, a StoreError,
 * and errors of the temporary file as they are.
 */
export async function planPrune(request: PrunePlanRequest, context: RunContext): Promise<PrunePlan> {
  const { store, rules, proof } = request;
  const { signal, clock } = context;
  const listing = await store.list({ signal });
  if (listing.snapshots.length === 0) {
    await refuseWrongPlace(store, context);
  }
  const proved = new Set<string>();
  const unsound = new Set<string>();
  /** Encrypted, with the length of a whole object: they are trusted as garbage collection trusts those that it did not write. */
  const closed = new Set<string>();
  for (;;) {
    const evidence = { proved, unsound };
    const { decisions, newest, outdatedDoubts } = planFor(listing, { store, rules, evidence, now: clock.now() });
    const deletes = decisions.some(({ action, reason }) => action === 'delete' && !isPartOfSaved(reason));
    if (newest === undefined || !deletes || proved.has(newest.name) || closed.has(newest.name)) {
      return { decisions, unread: undefined, outdatedDoubts };
    }
    if (proof === 'names') {
      return { decisions, unread: newest, outdatedDoubts };
    }
    const known = { proved, unsound, closed };
    known[await prove(newest, { store, ...proof }, context)].add(newest.name);
  }
}

/** An empty place is mistyped when there is something elsewhere, or under other names: a scheduled prune would never delete anything. */
async function refuseWrongPlace(store: SnapStore, context: RunContext): Promise<void> {
  const reason = await store.whyEmpty?.({ signal: context.signal });
  if (reason === undefined || reason.kind === 'nothing stored' || reason.kind === 'unproved') {
    return;
  }
  const { found, remedy } = await whyNothingFound(store, { wanted: 'snapshot', flags: 'store' }, context);
  throw new Failure({ code: 'no_backup', action: 'prune', object: store.location, found, remedy });
}

/** Parts are no backups of their own. */
function isPartOfSaved(reason: string): boolean {
  return reason === 'part_of_saved_snapshot' || reason === 'abandoned_part';
}

async function prove(
  full: StoredSnapshot,
  place: FullReading & { readonly store: SnapStore },
  context: RunContext,
): Promise<'proved' | 'unsound' | 'closed'> {
  const { log } = context;
  log.info({ snapshot: full.name }, `Reading ${full.name} before anything is deleted for it`);
  try {
    if (full.encryption !== undefined && place.encrypted === 'as stored') {
      await fetchWhole(place.store, full, context, checkSealed);
      log.warn(
        { snapshot: full.name },
        `${full.name}, for which others may be deleted, is encrypted and was not opened: its length can be that of a whole object, and ` +
          'whether it is sound is not known; with --identity it is read to its end before anything is deleted',
      );
      return 'closed';
    }
    const { problem } = await checkSnapshot({ ...place, snapshot: full, level: 'structure' }, context);
    if (problem === undefined) {
      return 'proved';
    }
    log.warn({ snapshot: full.name }, `${full.name} takes the place of no other snapshot: ${problem}`);
  } catch (error) {
    if (error instanceof Failure && error.code === 'no_identity') {
      // It may be sound: going on to older fulls would end at any one that happens to open.
      throw error.advising('nothing was deleted; without --identity the full is not opened');
    }
    const finding = findingOf(error, full);
    if (finding === undefined) {
      throw error;
    }
    log.warn({ snapshot: full.name }, `${full.name} takes the place of no other snapshot: ${finding.text}`);
  }
  return 'unsound';
}
