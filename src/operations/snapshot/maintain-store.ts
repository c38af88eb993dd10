import type { EtcdCluster } from '../../etcd/cluster.ts';
import { isFullDoubt } from '../../retention/trust.ts';
import type { Revision } from '../../revision.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { newestChain } from '../../snapshot/chain.ts';
import { type Histories, historiesOf } from '../../snapshot/history/histories.ts';
import type { SnapStore, StoredSnapshot, StoreListing } from '../../snapstore/snapstore.ts';
import { findAbandonedUploads, removeAbandonedUploads } from '../prune/abandoned-uploads.ts';
import { StayingObjects } from '../prune/deletions.ts';
import { NOTHING_STORED, removeMarkers } from '../prune/outdated-markers.ts';
import { carryOut, type Decision, describeReason, planFor, type RetentionRules } from '../prune/prune.ts';
import type { AppearanceOrder } from './appearance-order.ts';
import type { ChainState } from './chain-state.ts';
import type { ConcurrentWriters } from './concurrent-writers.ts';
import type { SnapshotterListener } from './events.ts';
import type { HistoryChanges } from './history/history-changes.ts';
import type { HistoryGuard } from './history/history-guard.ts';

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
  readonly appearances: AppearanceOrder;
  readonly cluster: EtcdCluster;
  readonly chain: ChainState;
  readonly changes: HistoryChanges;
  readonly guard: Pick<HistoryGuard, 'unproven'>;
  /** Takes a full out of schedule. */
  readonly takeFull: () => Promise<unknown>;
}

/** How often the store is listed when no garbage is collected, ms. */
const listPeriodMs = 60_000;

/** How often what killed runs have left is looked for, which takes a listing of its own, ms. */
const leftoverPeriodMs = 60 * 60_000;

/**
 * Lists the store again and again until the signal aborts: collects garbage, and notices other snapshotters and
 * that what was stored is not there any more (a volume that was unmounted, a deletion by hand): then a full begins a new chain.
 * A failure does not end it.
 */
export async function maintainStore(
  maintenance: StoreMaintenance,
  context: Pick<RunContext, 'signal' | 'clock' | 'log'>,
): Promise<void> {
  const { store, listener, garbageCollection, concurrentWriters, appearances, cluster, takeFull } = maintenance;
  const { chain, changes, guard } = maintenance;
  const warned = new Set<string>();
  const staying = new StayingObjects(context.clock);
  const stayingMarkers = new Set<string>();
  /** Fulls whose doubt was refuted. */
  const settled = new Set<string>();
  const { signal, clock } = context;
  let wasBroken = false;
  let nextLook = clock.monotonic();
  const log = context.log.child({ actor: 'garbage-collector' });
  if (garbageCollection === undefined) {
    log.info('GC: Not running garbage collector since its period is not above one second');
  }
  for (;;) {
    await clock.sleep(garbageCollection?.periodMs ?? listPeriodMs, signal);
    try {
      const clusterRevision = await revisionOf(cluster, signal);
      const stored = chain.newest.full === undefined || changes.leaving !== undefined ? undefined : chain.covered;
      const listing = await store.list({ signal });
      concurrentWriters.compare(listing.snapshots);
      appearances.note(listing.snapshots);
      staying.keepOnly(listing.snapshots);
      const refuted = stored === undefined ? undefined : appearances.refuted(suspectedIn(listing));
      if (refuted !== undefined && !settled.has(refuted.full.key)) {
        settled.add(refuted.full.key);
        const names = refuted.before.map(({ name }) => name);
        log.warn(
          { full: refuted.full.name, before: names.slice(0, 5) },
          `${names[0]} is by its name older than ${refuted.full.name}, and was written after it: a clock was behind, and was ` +
            'put right since. A restore could not distinguish that from a cluster that was put back; a full snapshot makes it clear',
        );
        await takeFull();
      }
      const isBroken = stored !== undefined && isChainBroken(listing, stored);
      if (isBroken && wasBroken) {
        log.error(
          `WHAT WAS STORED IS NOT THERE: ${store.location} does not hold the chain up to revision ${stored} any more. ` +
            'Was its volume unmounted, or something deleted? A full snapshot begins a new chain',
        );
        await takeFull();
      }
      // One listing may be out of date.
      wasBroken = isBroken && !wasBroken;
      // Between the first full of a new history and its marker the store looks like a mixture of both. And without the revision of
      // the cluster a name that is ahead of it could not be distinguished from a backup.
      if (garbageCollection !== undefined && changes.leaving === undefined && clusterRevision !== undefined) {
        const evidence = { proved: chain.writtenFulls, clusterRevision, unproven: guard.unproven };
        const plan = planFor(listing, { store, rules: garbageCollection.rules, evidence, now: clock.now() });
        warnOfDoubts(plan.decisions, warned, log);
        const results = await carryOut(plan.decisions, { store, listener, staying }, { signal, log });
        await removeMarkers(
          plan.outdatedDoubts,
          { store, why: NOTHING_STORED, staying: stayingMarkers },
          { signal, log },
        );
        const deleted = results.filter(({ outcome }) => outcome === 'deleted').length;
        if (deleted > 0) {
          log.info({ kept: results.length - deleted }, `GC: Total number garbage collected snapshots: ${deleted}`);
        }
        if (clock.monotonic() >= nextLook) {
          nextLook = clock.monotonic() + leftoverPeriodMs;
          const looking = { signal, clock, log };
          await removeAbandonedUploads(await findAbandonedUploads(store, looking), looking);
        }
      }
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ error }, `GC: cannot collect garbage now, trying again later: ${error}`);
    }
  }
}

function suspectedIn({ snapshots, markers }: StoreListing): Histories<StoredSnapshot>['suspected'] {
  return historiesOf(snapshots, markers).suspected;
}

/** Whether objects below `stored`, up to which everything was in the store, are missing. */
function isChainBroken({ snapshots, markers }: StoreListing, stored: Revision): boolean {
  const plan = newestChain(historiesOf(snapshots, markers).living.snapshots);
  switch (plan.outcome) {
    case 'empty':
      return true;
    case 'chain':
      return plan.lastRevision < stored;
    case 'gap':
      return plan.missing.from <= stored;
    default:
      return plan satisfies never;
  }
}

/** Undefined when etcd cannot be asked now. */
async function revisionOf(cluster: EtcdCluster, signal: AbortSignal): Promise<Revision | undefined> {
  try {
    return (await cluster.status({ signal })).revision;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** Warns once of each full that does not count as one. */
function warnOfDoubts(
  decisions: readonly Decision<StoredSnapshot>[],
  warned: Set<string>,
  log: Pick<RunContext['log'], 'warn'>,
): void {
  for (const { snapshot, reason } of decisions) {
    if (isFullDoubt(reason) && !warned.has(snapshot.key)) {
      warned.add(snapshot.key);
      log.warn(
        { key: snapshot.key, reason },
        `GC: ${snapshot.key} takes no other's place: it ${describeReason(reason)}`,
      );
    }
  }
}
