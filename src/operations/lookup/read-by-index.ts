import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { EntryBatch } from '../../datadir/bbolt/entry-batch.ts';
import { FreshDatabase } from '../../datadir/bbolt/fresh-database.ts';
import { Damage } from '../../datadir/damage.ts';
import { UnfitChange } from '../../datadir/mvcc/unfit-change.ts';
import { createTemporaryFile } from '../../fs/temporary-file.ts';
import { writePages } from '../../objects/indexed-pages.ts';
import { findInFull } from '../../objects/key-index.ts';
import { bytesOf, planRuns } from '../../objects/member-runs.ts';
import { objectParts } from '../../objects/object-parts.ts';
import { type Revision, revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { SnapshotDamage } from '../../snapshot/damage.ts';
import { clusterIdIn } from '../../snapshot/key-index/facts.ts';
import { indexFraming } from '../../snapshot/key-index/index-framing.ts';
import { IndexDamage } from '../../snapshot/key-index/index-members.ts';
import { type WantedKeys, wantedFingerprints } from '../../snapshot/key-index/wanted-keys.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { hasLease, recordsInPages } from './wanted-records.ts';

/** A larger share of a full is not worth being read in parts. */
const MOST_READ = 0.4;
/** Requests for parts of a full at once. */
const AT_ONCE = 8;

/** Keys of a state that are looked for in a full and the deltas after it. */
export interface IndexedRead {
  readonly store: SnapStore;
  readonly full: StoredSnapshot;
  readonly wanted: readonly WantedKeys[];
  /** Leases are in pages that the index does not know: with them, all is read as soon as a wanted key has one. */
  readonly content: 'keys' | 'keys and leases';
  /** Undefined for the newest. */
  readonly until: Revision | undefined;
  /**
   * The deltas after a full with this true last revision, all of one history. Throws {@link NeedsWhole} when its index does not suffice.
   */
  readonly deltasAfter: (lastRevision: Revision) => Promise<readonly StoredSnapshot[]>;
  /** A directory for the files; it is made, and not removed. */
  readonly directory: string;
  readonly maxFetchers: number;
}

/** A database with the wanted keys alone. */
export interface WantedDatabase {
  readonly file: string;
  readonly revision: Revision;
  readonly compactRevision: number;
  readonly deltas: readonly StoredSnapshot[];
  /** Of the cluster, as the full says. */
  readonly clusterId: bigint | undefined;
}

/** Not even a sound index suffices here: everything has to be read. */
export class NeedsWhole extends Error {}

/**
 * Reads the history of some keys by the index of a full and the filters of its deltas, and writes it to a database. Undefined when all
 * has to be read: without an index, when too much would have to be read, and, with a warning, when anything is not as it must be.
 * What is read is checked as far as that goes in parts: members and their beginnings by a CRC-32, pages by their numbers, structure and order.
 */
export async function readByIndex(request: IndexedRead, context: RunContext): Promise<WantedDatabase | undefined> {
  const { full } = request;
  try {
    return indexFraming(full) === undefined ? undefined : await read(request, context);
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof NeedsWhole) {
      context.log.debug({ snapshot: full.name }, `${full.name} is read as a whole: ${error.message}`);
      return undefined;
    }
    if (!EXPECTED.some((kind) => error instanceof kind) || isClosed(error)) {
      throw error;
    }
    context.log.warn(
      { snapshot: full.name, error },
      `${full.name} cannot be read by its index (${error instanceof Error ? error.message : String(error)}): all of it is read`,
    );
    return undefined;
  }
}

/** Where no identity opens an object, reading all of it would not either. */
function isClosed(error: unknown): boolean {
  return error instanceof Failure && error.code === 'no_identity';
}

/** What may be wrong with objects and stores. */
const EXPECTED = [IndexDamage, SnapshotDamage, Damage, UnfitChange, Failure] as const;

async function read(request: IndexedRead, context: RunContext): Promise<WantedDatabase | undefined> {
  const { store, full, wanted, until, directory } = request;
  const fingerprints = wantedFingerprints(wanted);
  if (fingerprints === undefined) {
    return undefined;
  }
  const object = await objectParts({ store, snapshot: full }, context);
  const found = object === undefined ? undefined : await findInFull(object, fingerprints);
  if (object === undefined || found === undefined) {
    return undefined;
  }
  const { lastRevision: last, compactRevision, pageSize } = found.facts;
  if (last < full.lastRevision || compactRevision > last || (until !== undefined && until < compactRevision)) {
    throw new NeedsWhole(`it ends at revision ${last}, and is compacted up to ${compactRevision}`);
  }
  const runs = planRuns(found);
  if (bytesOf(runs) > full.size * MOST_READ) {
    throw new NeedsWhole(`what is wanted is in ${bytesOf(runs)} of its ${full.size} bytes`);
  }
  const deltas = await request.deltasAfter(revision(last));
  const reached = deltas.at(-1)?.lastRevision ?? revision(last);
  if (until !== undefined && until > reached) {
    throw new NeedsWhole(`it does not reach revision ${until}`);
  }
  context.log.info(
    { snapshot: full.name, pages: found.pages.length, bytes: bytesOf(runs) },
    `Reading ${bytesOf(runs)} of the ${full.size} bytes of ${full.name}, by its index; its hash is checked only where all is read`,
  );
  await mkdir(directory, { mode: 0o700 });
  const file = path.join(directory, 'db');
  await using fresh = await FreshDatabase.create(file, { pageSize });
  await using pages = await createTemporaryFile(directory, 'pages', context);
  const { handle } = pages;
  await writePages(object, runs, { found, handle, count: AT_ONCE });
  const records = async function* (): AsyncGenerator<EntryBatch, void> {
    yield* recordsInPages(found, { handle, file: full.name }, wanted);
    if (deltas.length === 0) {
      return;
    }
    const { changesInDeltas } = await import('./changes-in-deltas.ts');
    yield* changesInDeltas({ ...request, fingerprints, deltas, after: revision(last) }, context);
  };
  await fresh.bucket('key', request.content === 'keys' ? records() : withoutLeases(records()));
  await fresh.commit({ ...context, use: 'scratch' });
  return { file, revision: until ?? reached, compactRevision, deltas, clusterId: clusterIdIn(found.facts) };
}

/** The same records. Throws {@link NeedsWhole} at the first change with a lease. */
async function* withoutLeases(batches: AsyncIterable<EntryBatch>): AsyncGenerator<EntryBatch, void> {
  for await (const batch of batches) {
    if (hasLease(batch)) {
      throw new NeedsWhole('a key has a lease, whose time to live is to be known');
    }
    yield batch;
  }
}
