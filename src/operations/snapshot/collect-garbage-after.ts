import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { NOTHING_STORED, removeMarkers } from '../prune/outdated-markers.ts';
import { carryOut, type PrunedObject, planFor, type RetentionRules } from '../prune/prune.ts';

/**
 * Collects garbage once, after `full` was taken and stored: it is proved, so that others may be deleted. What could not be deleted is part
 * of the result. Throws a StoreError when the store cannot be listed.
 */
export async function collectGarbageAfter(
  full: StoredSnapshot,
  { store, rules }: { readonly store: SnapStore; readonly rules: RetentionRules },
  context: Pick<RunContext, 'signal' | 'clock' | 'log'>,
): Promise<readonly PrunedObject[]> {
  const { signal, clock } = context;
  const log = context.log.child({ actor: 'garbage-collector' });
  const listing = await store.list({ signal });
  const evidence = { proved: new Set([full.name]), clusterRevision: full.lastRevision };
  const plan = planFor(listing, { store, rules, evidence, now: clock.now() });
  const results = await carryOut(plan.decisions, { store }, { signal, log });
  await removeMarkers(plan.outdatedDoubts, { store, why: NOTHING_STORED }, { signal, log });
  return results;
}
