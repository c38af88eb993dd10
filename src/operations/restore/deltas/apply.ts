import { type EntryBatch, EntryBatchBuilder } from '../../../datadir/bbolt/entry-batch.ts';
import { encodeRevisionKey, REVISION_KEY_SIZE } from '../../../datadir/mvcc/revision-key.ts';
import { snapshotFailure } from '../../../objects/snapshot-failure.ts';
import { type Revision, revision } from '../../../revision.ts';
import { Failure } from '../../../runtime/failure.ts';
import { Int64Map } from '../../../runtime/int64-map.ts';
import { Int64Set } from '../../../runtime/int64-set.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { StoredSnapshot } from '../../../snapstore/snapstore.ts';
import type { DatabaseWriter } from '../database-writer.ts';
import type { DeltaPipeline } from './pipeline.ts';

/** What is to be added to a base. */
export interface DeltaSource {
  readonly pipeline: DeltaPipeline;
  /** Last revision of the base. */
  readonly after: Revision;
  /** The base holds later changes, which are dropped. */
  readonly cutsBase?: boolean;
  readonly until: Revision | undefined;
  readonly bumpBy: number;
}

/** What the deltas added. */
export interface AppliedDeltas {
  /** Last revision of the database. */
  readonly revision: Revision;
  readonly events: number;
  /** Leases that the applied puts name. */
  readonly leases: Int64Set;
  /** TTLs that the deltas record, seconds by lease. */
  readonly leaseTtls: Int64Map<number>;
}

/**
 * Adds the changes of all deltas, up to revision `until`, to the database, and then raises its revision by `bumpBy`. Throws a
 * {@link Failure} that names the delta when one is damaged or does not continue what is there.
 */
export async function applyDeltas(
  database: DatabaseWriter,
  source: DeltaSource,
  context: RunContext,
): Promise<AppliedDeltas> {
  const leases = new Int64Set();
  const leaseTtls = new Int64Map<number>();
  let events = 0;
  let last = source.after;

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
        for (const [lease, seconds] of summary.leaseTtls) {
          leaseTtls.set(lease, seconds);
        }
      } catch (error) {
        throw snapshotFailure(error, name);
      }
    }
    if (source.bumpBy > 0) {
      last = revision(last + source.bumpBy);
      yield emptyChange(last);
    }
  }

  const keptUpTo = source.cutsBase ? source.after : undefined;
  await database.addChanges(records(), { keptUpTo, signal: context.signal });
  return { revision: last, events, leases, leaseTtls };
}

/** A record that is nothing but a revision, as `etcdutl snapshot restore --bump-revision` leaves one. */
function emptyChange(main: Revision): EntryBatch {
  const builder = new EntryBatchBuilder({ bytes: REVISION_KEY_SIZE });
  const key = new Uint8Array(REVISION_KEY_SIZE);
  encodeRevisionKey(key, 0, { main, sub: 0, tombstone: false });
  builder.add(key, new Uint8Array(0));
  return builder.batch();
}

/** Throws a {@link Failure} unless the name of a delta is right: the next one begins where this one says it ends. */
export function checkLastRevision(delta: StoredSnapshot, lastRevision: number, until: Revision | undefined): void {
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
