import type { BackupMetrics } from '../../metrics/backup-metrics.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import { carryOut, planFor, type RetentionRules } from '../prune/prune.ts';
import type { ConcurrentWriters } from './concurrent-writers.ts';

/** Garbage collection as a running snapshotter does it. */
export interface ScheduledGarbageCollection extends RetentionRules {
  /** Pause between two runs, ms; 1000 or less turns it off. */
  readonly periodMs: number;
}

/** What looking after the store needs. */
export interface StoreMaintenance {
  readonly store: SnapStore;
  readonly metrics?: BackupMetrics;
  readonly collection: ScheduledGarbageCollection;
  readonly others: ConcurrentWriters;
}

/** Periods up to here mean that no garbage is collected, ms. */
const offPeriodMs = 1_000;
/** How often the store is looked at when no garbage is collected, ms. */
const lookPeriodMs = 60_000;

/**
 * Looks at the store again and again until the signal aborts: collects garbage and notices other writers.
 * Nothing that fails in it ends it.
 */
export async function maintainStore(
  care: StoreMaintenance,
  context: Pick<RunContext, 'signal' | 'clock' | 'log'>,
): Promise<void> {
  const { signal, clock } = context;
  const log = context.log.child({ actor: 'garbage-collector' });
  const collects = care.collection.periodMs > offPeriodMs;
  if (!collects) {
    log.info('GC: Not running garbage collector since its period is not above one second');
  }
  for (;;) {
    await clock.sleep(collects ? care.collection.periodMs : lookPeriodMs, signal);
    try {
      const { snapshots } = await care.store.list({ signal });
      care.others.compare(snapshots);
      if (collects) {
        const plan = planFor(snapshots, { ...care, now: clock.now() });
        const results = await carryOut(plan, care, { signal, log });
        const deleted = results.filter(({ outcome }) => outcome === 'deleted').length;
        if (deleted > 0) {
          log.info({ kept: results.length - deleted }, `GC: Total number garbage collected snapshots: ${deleted}`);
        }
      }
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ error }, `GC: cannot collect now, trying again later: ${error}`);
    }
  }
}
