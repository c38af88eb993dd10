import type { BackupMetrics } from '../metrics/backup-metrics.ts';
import type { RunContext } from '../runtime/run-context.ts';
import type { SnapStore } from '../snapstore/snapstore.ts';
import { type CollectionRules, carryOut, planCollection } from './garbage-collector.ts';

/** Garbage collection as a running snapshotter does it. */
export interface ScheduledCollection extends CollectionRules {
  /** Pause between two runs, ms; 1000 or less turns it off. */
  readonly periodMs: number;
}

/** Periods up to here mean that no garbage is collected, ms. */
const offPeriodMs = 1_000;

/** Collects garbage again and again until the signal aborts. Nothing that fails in it ends it. */
export async function collectGarbageRegularly(
  request: { readonly store: SnapStore; readonly metrics?: BackupMetrics; readonly collection: ScheduledCollection },
  context: Pick<RunContext, 'signal' | 'clock' | 'log'>,
): Promise<void> {
  const { store, collection } = request;
  const { signal, clock } = context;
  const log = context.log.child({ actor: 'garbage-collector' });
  if (collection.periodMs <= offPeriodMs) {
    log.info('GC: Not running garbage collector since its period is not above one second');
    return;
  }
  for (;;) {
    await clock.sleep(collection.periodMs, signal);
    try {
      const plan = await planCollection(store, collection, { signal, clock });
      const results = await carryOut(plan, request, { signal, log });
      const deleted = results.filter(({ outcome }) => outcome === 'deleted').length;
      if (deleted > 0) {
        log.info(
          { deleted, kept: results.length - deleted },
          `GC: Total number garbage collected snapshots: ${deleted}`,
        );
      }
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ error }, `GC: cannot collect now, trying again later: ${error}`);
    }
  }
}
