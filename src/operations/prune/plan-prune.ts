import type { Decision } from '../../retention/plan.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
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
  readonly proof: 'names' | { readonly tempDir: string };
}

/** Decisions, and what they rest on. */
export interface PrunePlan {
  /** In chain order. */
  readonly decisions: readonly Decision<StoredSnapshot>[];
  /** The full that others would be deleted for although nobody has looked into it; undefined when nothing rests on one. */
  readonly unread: StoredSnapshot | undefined;
}

/**
 * Lists the store and decides about each object. Deletes nothing. A full that turns out to be damaged takes the place of no
 * other: the decisions are made anew without it. Throws a StoreError, and errors of the temporary file as they are.
 */
export async function planPrune(request: PrunePlanRequest, context: RunContext): Promise<PrunePlan> {
  const { store, rules, proof } = request;
  const { signal, clock } = context;
  const listing = await store.list({ signal });
  const proved = new Set<string>();
  const unsound = new Set<string>();
  for (;;) {
    const evidence = { proved, unsound };
    const { decisions, newest } = planFor(listing, { store, rules, evidence, now: clock.now() });
    const deletes = decisions.some(({ action, reason }) => action === 'delete' && !isPartOfSaved(reason));
    if (newest === undefined || !deletes || proved.has(newest.name)) {
      return { decisions, unread: undefined };
    }
    if (proof === 'names') {
      return { decisions, unread: newest };
    }
    const isSound = await prove(newest, { store, tempDir: proof.tempDir }, context);
    (isSound ? proved : unsound).add(newest.name);
  }
}

/** Parts are no backups of their own. */
function isPartOfSaved(reason: string): boolean {
  return reason === 'part_of_saved_snapshot' || reason === 'abandoned_part';
}

async function prove(
  full: StoredSnapshot,
  place: { readonly store: SnapStore; readonly tempDir: string },
  context: RunContext,
): Promise<boolean> {
  const { log } = context;
  log.info({ snapshot: full.name }, `Reading ${full.name} before anything is deleted for it`);
  try {
    const { problem } = await checkSnapshot({ ...place, snapshot: full, level: 'structure' }, context);
    if (problem === undefined) {
      return true;
    }
    log.warn({ snapshot: full.name }, `${full.name} takes the place of no other snapshot: ${problem}`);
  } catch (error) {
    const finding = findingOf(error, full);
    if (finding === undefined) {
      throw error;
    }
    log.warn({ snapshot: full.name }, `${full.name} takes the place of no other snapshot: ${finding.text}`);
  }
  return false;
}
