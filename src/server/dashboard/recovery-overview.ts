import { catalogOf } from '../../snapshot/catalog.ts';
import { newestChain } from '../../snapshot/chain.ts';
import type { Histories } from '../../snapshot/history/histories.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import type { DashboardStore } from './dashboard-document.ts';
import { recoveryAges } from './recovery-ages.ts';

const daySeconds = 86_400;
/** Parts of a day that have an age of their own. */
const buckets = 96;

/** What a restore would reach, now and in the last 24 hours: deltas after a gap and snapshots of a history that was left do not count. Pure. */
export function recoveryOverview(
  { living }: Pick<Histories<StoredSnapshot>, 'living'>,
  nowMs: number,
): DashboardStore['recovery'] {
  const now = Math.floor(nowMs / 1_000);
  const reachable = catalogOf(living.snapshots).chains.flatMap(({ base, deltas, beyond }) => {
    const lost = new Set(beyond);
    return base === undefined ? [] : [base, ...deltas.filter((delta) => !lost.has(delta))];
  });
  const created = reachable.map(({ createdOn }) => createdOn);
  return {
    reach: reachOf(living.snapshots),
    endsAt: now,
    seconds: daySeconds,
    ages: recoveryAges(created, { now, seconds: daySeconds, buckets }),
  };
}

function reachOf(snapshots: readonly StoredSnapshot[]): DashboardStore['recovery']['reach'] {
  const plan = newestChain(snapshots);
  if (plan.outcome === 'empty' || plan.base === undefined) {
    return null;
  }
  const last = plan.deltas.at(-1) ?? plan.base;
  return { at: last.createdOn, revision: last.lastRevision };
}
