import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import { carryOut, planFor, type RetentionRules } from '../prune/prune.ts';
import type { ConcurrentWriters } from './concurrent-writers.ts';
import type { SnapshotterListener } from './events.ts';

/** Garbage collection as a running snapshotter does it. */
export interface ScheduledGarbageCollection {
  readonly rules: RetentionRules;
  /** Pause between two runs, ms. */
  readonly periodMs: number;
}

/** What the maintenance of a store needs. */
export interface StoreMaintenance {
  readonly store: SnapStore;
  readonly listener: SnapshotterListener;
  /** Undefined when nothing is deleted. */
  readonly garbageCollection: ScheduledGarbageCollection | undefined;
  readonly concurrentWriters: ConcurrentWriters;
}

/** How often the store is listed when no garbage is collected, ms. */
const listPeriodMs = 60_000;

/**
 * Lists the store again and again until the signal aborts: collects garbage and notices other snapshotters.
 * A failure does not end it.
 */
export async function maintainStore(
  maintenance: StoreMaintenance,
  context: Pick<RunContext, 'signal' | 'clock' | 'log'>,
): Promise<void> {
  const { store, listener, garbageCollection, concurrentWriters } = maintenance;
  const { signal, clock } = context;
  const log = context.log.child({ actor: 'garbage-collector' });
  if (garbageCollection === undefined) {
    log.info('GC: Not running garbage collector since its period is not above one second');
  }
  for (;;) {
    await clock.sleep(garbageCollection?.periodMs ?? listPeriodMs, signal);
    try {
      const listing = await store.list({ signal });
      concurrentWriters.compare(listing.snapshots);
      if (garbageCollection !== undefined) {
        const evidence = { proved: new Set<string>() };
        const plan = planFor(listing, { store, rules: garbageCollection.rules, evidence, now: clock.now() });
        const results = await carryOut(plan.decisions, { store, listener }, { signal, log });
        const deleted = results.filter(({ outcome }) => outcome === 'deleted').length;
        if (deleted > 0) {
          log.info({ kept: results.length - deleted }, `GC: Total number garbage collected snapshots: ${deleted}`);
        }
      }
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ error }, `GC: cannot collect garbage now, trying again later: ${error}`);
    }
  }
}
