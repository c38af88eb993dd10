import path from 'node:path';
import type { EntryBatch } from '../../datadir/bbolt/entry-batch.ts';
import { mayHold } from '../../objects/key-index.ts';
import { objectParts } from '../../objects/object-parts.ts';
import { snapshotFailure } from '../../objects/snapshot-failure.ts';
import type { Revision } from '../../revision.ts';
import { eachInParallel } from '../../runtime/async/each-in-parallel.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { EncryptionDamage } from '../../snapshot/damage.ts';
import { indexFraming } from '../../snapshot/key-index/index-framing.ts';
import { IndexDamage } from '../../snapshot/key-index/index-members.ts';
import type { WantedFingerprints } from '../../snapshot/key-index/page-table.ts';
import type { WantedKeys } from '../../snapshot/key-index/wanted-keys.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { checkLastRevision } from '../restore/deltas/apply.ts';
import { DeltaPipeline } from '../restore/deltas/pipeline.ts';
import { wantedOf } from './wanted-records.ts';

/** Ends of deltas that are asked for at once: they are short. */
const FILTERS_AT_ONCE = 16;

/** Changes of some keys that deltas hold. */
export interface WantedChanges {
  readonly store: SnapStore;
  /** In order, each continues the one before. */
  readonly deltas: readonly StoredSnapshot[];
  /** Last revision of what the first of them continues. */
  readonly after: Revision;
  readonly until: Revision | undefined;
  readonly wanted: readonly WantedKeys[];
  readonly fingerprints: WantedFingerprints;
  readonly directory: string;
  readonly maxFetchers: number;
}

/**
 * The records of changes of wanted keys, each batch valid until the next. Only deltas that may hold some are read, and checked to their
 * ends. Throws a Failure that names a damaged delta.
 */
export async function* changesInDeltas(request: WantedChanges, context: RunContext): AsyncGenerator<EntryBatch, void> {
  const { deltas, after, until, wanted, directory } = request;
  const needed = await deltasWith(request, context);
  context.log.info(
    { deltas: needed.length },
    `Deltas that may hold what is wanted: ${needed.length} of ${deltas.length}`,
  );
  if (needed.length === 0) {
    return;
  }
  const afterOf = (delta: StoredSnapshot): number => deltas[deltas.indexOf(delta) - 1]?.lastRevision ?? after;
  const options = { keptLeases: undefined, tempDir: path.join(directory, 'deltas'), onFetched: () => undefined };
  await using pipeline = new DeltaPipeline({ ...request, ...options, deltas: needed, afterOf }, context);
  for await (const { delta, records } of pipeline.runs()) {
    context.signal.throwIfAborted();
    try {
      for (let step = await records.next(); ; step = await records.next()) {
        if (step.done === true) {
          checkLastRevision(delta, step.value.lastRevision, until);
          break;
        }
        const kept = wantedOf(step.value, wanted);
        if (kept.count > 0) {
          yield kept;
        }
      }
    } catch (error) {
      throw snapshotFailure(error, delta.name);
    }
  }
}

/** The deltas that may hold wanted keys, in order. Those without a filter may; so may those with a damaged one, which is warned about. */
async function deltasWith(
  { store, deltas, fingerprints }: WantedChanges,
  context: RunContext,
): Promise<readonly StoredSnapshot[]> {
  const without = new Set<StoredSnapshot>();
  await eachInParallel(deltas, FILTERS_AT_ONCE, async (delta) => {
    if (indexFraming(delta) === undefined) {
      return;
    }
    try {
      const object = await objectParts({ store, snapshot: delta }, context);
      if (object !== undefined && (await mayHold(object, fingerprints)) === false) {
        without.add(delta);
      }
    } catch (error) {
      if (!(error instanceof IndexDamage || error instanceof EncryptionDamage)) {
        throw error;
      }
      context.log.warn(
        { snapshot: delta.name },
        `The index of ${delta.name} is not used (${error.message}): all of it is read`,
      );
    }
  });
  return deltas.filter((delta) => !without.has(delta));
}
