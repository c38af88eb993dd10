import type { EntryBatch } from '../../datadir/bbolt/entry-batch.ts';
import { type Revision, revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import type { ProgressBar } from '../../runtime/progress.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { fetchDeltas, readFetched } from './delta-fetcher.ts';
import { deltaRecords } from './delta-records.ts';
import { snapshotFailure } from './failures.ts';
import type { RestoredDatabase } from './restored-database.ts';

/** What the deltas added. */
export interface AppliedDeltas {
  /** Last revision of the database. */
  readonly revision: Revision;
  readonly events: number;
  /** Leases that the applied puts name. */
  readonly leases: ReadonlySet<bigint>;
}

/** Deltas and the database they continue. */
export interface DeltaWork {
  readonly store: SnapStore;
  /** In order, without a hole. */
  readonly deltas: readonly StoredSnapshot[];
  readonly database: RestoredDatabase;
  readonly maxFetchers: number;
  readonly tempDir: string;
  /** Advanced by stored bytes. */
  readonly bar: ProgressBar;
}

/**
 * Fetches, checks and adds all deltas. Throws a {@link Failure} that names the delta when one is damaged or does not continue
 * what is there.
 */
export async function applyDeltas(work: DeltaWork, context: RunContext): Promise<AppliedDeltas> {
  const leases = new Set<bigint>();
  let events = 0;
  let last: number = work.database.baseRevision;

  async function* records(): AsyncGenerator<EntryBatch, void> {
    const onFetched = (bytes: number): void => work.bar.advance(bytes);
    for await (const fetched of fetchDeltas(work, { ...work, onFetched }, context)) {
      const { delta } = fetched;
      context.log.info({ snapshot: delta.name }, `Applying delta snapshot ${delta.name}`);
      try {
        const task = { compression: delta.compression, after: last };
        const summary = yield* deltaRecords(readFetched(fetched), task);
        checkLastRevision(delta, summary.lastRevision);
        last = summary.lastRevision;
        events += summary.added;
        for (const lease of summary.leases) {
          leases.add(lease);
        }
      } catch (error) {
        throw snapshotFailure(error, delta.name);
      }
    }
  }

  if (work.deltas.length > 0) {
    await work.database.addChanges(records());
  }
  return { revision: revision(last), events, leases };
}

/** The next delta begins where this one says it ends, so its word has to be good. */
function checkLastRevision(delta: StoredSnapshot, lastRevision: number): void {
  if (lastRevision !== delta.lastRevision) {
    throw new Failure({
      code: 'snapshot_corrupt',
      action: 'restore',
      object: delta.name,
      found: `its last event is at revision ${lastRevision}, its name says ${delta.lastRevision}`,
      remedy: 'the object may have been renamed; look for another copy of it',
    });
  }
}
