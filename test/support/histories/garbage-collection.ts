import { planRetention, type RetentionPlan } from '../../../src/retention/plan.ts';
import type { RetentionPolicy } from '../../../src/retention/request.ts';
import type { FullEvidence } from '../../../src/retention/trust.ts';
import { revision } from '../../../src/revision.ts';
import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';
import { LEFT_SECONDS, type LifeState } from './life-state.ts';

/** What goes, as a garbage collection of the snapshotter or `prune` plans it. */
export function planCollection(
  life: LifeState,
  policy: RetentionPolicy,
  by: 'prune' | undefined,
): RetentionPlan<StoredSnapshot> {
  const clusterRevision = revision(life.cluster.length + 1);
  if (by === undefined && !life.isDown) {
    return planBy(life, policy, { proved: life.written, clusterRevision });
  }
  // It reads the full that others would be deleted for.
  const proved = new Set<string>();
  const unsound = new Set<string>();
  for (;;) {
    const plan = planBy(life, policy, { proved, unsound });
    const { newest } = plan;
    if (newest === undefined || proved.has(newest.name)) {
      return plan;
    }
    (life.isForged(newest) ? unsound : proved).add(newest.name);
  }
}

/** The newest first. */
export function carryOutCollection(
  life: LifeState,
  plan: RetentionPlan<StoredSnapshot> | undefined,
  stopsAfter = Number.POSITIVE_INFINITY,
): void {
  if (plan === undefined) {
    return;
  }
  const deleted = plan.decisions.filter(({ action }) => action === 'delete').toReversed();
  const gone = new Set(deleted.slice(0, stopsAfter).map(({ snapshot }) => snapshot.key));
  life.objects.snapshots = life.objects.snapshots.filter(({ key }) => !gone.has(key));
  // What has gone in time does not come back when the clock does.
  life.doubts = life.doubts.map((doubt) => (life.now > doubt.until ? { ...doubt, names: [] } : doubt));
  life.leftLines = life.leftLines.filter(({ until }) => life.now <= until);
  if (deleted.length <= stopsAfter) {
    const outdated = new Set(plan.outdatedDoubts.map(({ name }) => name));
    life.objects.saved = life.objects.saved.filter(({ name }) => !outdated.has(name));
  }
}

function planBy(life: LifeState, policy: RetentionPolicy, evidence: FullEvidence): RetentionPlan<StoredSnapshot> {
  return planRetention({
    listing: life.listing,
    markers: life.markers,
    announcements: life.objects.announcements,
    policy,
    deltaRetentionMs: 0,
    leftHistoryMs: LEFT_SECONDS * 1_000,
    evidence,
    now: life.now * 1000,
    partsAreData: false,
  });
}
