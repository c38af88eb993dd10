import type { EntryBatch } from '../../datadir/bbolt/entry-batch.ts';
import { type Revision, revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import type { DeltaPipeline } from './delta-pipeline.ts';
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

/**
 * Adds the changes of all deltas, up to revision `until`, to the database. Throws a {@link Failure} that names the delta when one is damaged or
 * does not continue what is there.
 */
export async function applyDeltas(
  database: RestoredDatabase,
  source: { readonly pipeline: DeltaPipeline; readonly until: Revision | undefined },
  context: RunContext,
): Promise<AppliedDeltas> {
  const leases = new Set<bigint>();
  let events = 0;
  let last = database.baseRevision;

  async function* records(): AsyncGenerator<EntryBatch, void> {
    for await (const run of source.pipeline.runs()) {
      const { name } = run.delta;
      context.signal.throwIfAborted();
      context.log.info({ snapshot: name }, `Applying delta snapshot ${name}`);
      try {
        const summary = yield* run.records;
        checkLastRevision(run.delta, summary.lastRevision, source.until);
        last = revision(summary.lastRevision);
        events += summary.added;
        for (const lease of summary.leases) {
          leases.add(lease);
        }
      } catch (error) {
        throw snapshotFailure(error, name);
      }
    }
  }

  await database.addChanges(records(), { signal: context.signal });
  return { revision: last, events, leases };
}

/** The next delta begins where this one says it ends, so its word has to be good. */
function checkLastRevision(delta: StoredSnapshot, lastRevision: number, until: Revision | undefined): void {
  if (lastRevision !== Math.min(delta.lastRevision, until ?? delta.lastRevision)) {
    throw new Failure({
      code: 'snapshot_corrupt',
      action: 'restore',
      object: delta.name,
      found: `its last event is at revision ${lastRevision}, its name says ${delta.lastRevision}`,
      remedy: 'the object may have been renamed; look for another copy of it',
    });
  }
}
