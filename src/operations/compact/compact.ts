import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Damage } from '../../datadir/damage.ts';
import { compactDatabase } from '../../datadir/mvcc/compact-database.ts';
import { type DatabaseFacts, inspectDatabase } from '../../datadir/mvcc/inspect-database.ts';
import { fileFailure } from '../../fs/file-failure.ts';
import { createScratchDirectory } from '../../fs/scratch-directory.ts';
import { clusterIdOfFull } from '../../objects/full-facts.ts';
import { revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import { atomicMarking } from '../../runtime/memory/atomic-marking.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { takenOn } from '../../snapshot/ahead-of-clock.ts';
import type { WrittenMember } from '../../snapshot/compression/written-member.ts';
import type { Recipients } from '../../snapshot/encryption/recipients.ts';
import { HASH_SIZE } from '../../snapshot/hash-size.ts';
import { beginsHistory, type HistoryMarker } from '../../snapshot/history/history-marker.ts';
import { indexFraming } from '../../snapshot/key-index/index-framing.ts';
import { newSnapshot } from '../../snapshot/name.ts';
import { type Packing, pack, packedSizeBound, packingInName } from '../../snapshot/packing.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { CallOptions } from '../../snapstore/bucket.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { rebuildSelected } from '../restore/rebuild-selected.ts';
import { BufferedIndex } from './buffered-index.ts';

/** What to compact. */
export interface CompactRequest {
  readonly store: SnapStore;
  /** Where two databases have room; made and removed. */
  readonly tempDir: string;
  /** Deltas fetched at once. */
  readonly maxFetchers: number;
  /** A larger database is refused, bytes; undefined for no limit. */
  readonly quotaBytes: number | undefined;
  /** Accepts a full whose trailing hash is wrong or missing. */
  readonly skipHashCheck: boolean;
  /** How long writing the new snapshot into the store may take, ms. */
  readonly saveTimeoutMs: number;
  /** Who can read the new snapshot; undefined for everyone, which is refused where a source is encrypted. */
  readonly recipients?: Recipients | undefined;
}

/** The new full and what it was made of. */
export interface CompactResult {
  readonly snapshot: StoredSnapshot;
  /** Names of the snapshots it replaces, base first. */
  readonly from: readonly string[];
  readonly eventsApplied: number;
  /** Bytes of the database before and after. */
  readonly sizeBefore: number;
  readonly facts: DatabaseFacts;
}

/** Nothing of the cluster it will be restored for is known yet. */
const NO_IDENTITY = { bucketEntries: new Map() };

/**
 * Turns the newest full and its deltas into one new full at the same revision, with the history compacted to that revision,
 * without an etcd. It has the compression of the newest of them and is final when the old full is. The sources stay.
 * Throws a {@link Failure} when there is nothing to compact or something is wrong with it, or the signal's reason.
 */
export async function compactBackup(request: CompactRequest, outer: RunContext): Promise<CompactResult> {
  const context: RunContext = { ...outer, log: outer.log.child({ actor: 'compactor' }) };
  try {
    await using scratch = await createScratchDirectory(request.tempDir, 'compact', context);
    return await compactIn(scratch.path, request, context);
  } catch (error) {
    throw compactFailure(error, request.tempDir);
  }
}

async function compactIn(scratch: string, request: CompactRequest, context: RunContext): Promise<CompactResult> {
  const { store } = request;
  const { signal, log } = context;
  using _marking = atomicMarking();
  log.info('Start compacting');
  const whole = path.join(scratch, 'whole');
  const source = { ...request, command: 'compact', tempDir: path.join(scratch, 'deltas') } as const;
  const { rebuilt, selection } = await rebuildSelected(
    { request: source, target: {}, file: whole, identity: NO_IDENTITY },
    context,
  );
  log.info({ revision: rebuilt.revision }, `Compacting the history up to revision ${rebuilt.revision}`);
  const compacted = path.join(scratch, 'compacted');
  await compactDatabase(whole, compacted, { signal });
  await rm(whole);

  const { used } = rebuilt;
  const [base] = used;
  const newest = used.at(-1) ?? base;
  const packing: Packing = { compression: newest.compression, recipients: request.recipients };
  refuseOpening(used, request);
  // Of the time of what it is made of: deltas that are written meanwhile are younger, and continue it.
  const createdOn = youngestOf(used, context) + 1;
  const snapshot = newSnapshot({
    kind: 'Full',
    startRevision: revision(0),
    lastRevision: rebuilt.revision,
    createdOn,
    ...packingInName(packing),
    isFinal: base.isFinal,
  });
  const framing = indexFraming(snapshot);
  const clusterId = framing === undefined ? undefined : await clusterIdOfFull({ store, full: base }, context);
  const index =
    framing === undefined ? undefined : new BufferedIndex((await stat(compacted)).size, { framing, clusterId });
  const sound = inspect({ file: compacted, expected: rebuilt.revision, index }, context);
  const { begunBy } = selection.history;
  const work = {
    store,
    file: compacted,
    snapshot,
    used,
    begunBy,
    packing,
    timeoutMs: request.saveTimeoutMs,
    sound,
    index,
  };
  // Both are awaited; what is wrong with the database explains why it was not saved.
  const [inspected, saved] = await Promise.allSettled([sound, save(work, context)]);
  const facts = settled(inspected);
  const stored = settled(saved);
  log.info({ bytes: stored.size }, `Successfully saved compacted snapshot at: ${stored.key}`);
  const { eventsApplied, dbSize: sizeBefore } = rebuilt;
  return { snapshot: stored, from: used.map(({ name }) => name), eventsApplied, sizeBefore, facts };
}

/** What was encrypted is not stored again for everyone to read, unless that is asked for in another way. */
function refuseOpening(used: readonly StoredSnapshot[], { recipients, store }: CompactRequest): void {
  const encrypted = used.find(({ encryption }) => encryption !== undefined);
  if (encrypted !== undefined && recipients === undefined) {
    throw new Failure({
      code: 'no_recipient',
      action: 'compact',
      object: `the newest backup of ${store.location}`,
      found: `${encrypted.name} is encrypted, and nothing says whom the compacted snapshot is to be encrypted to`,
      remedy: 'give its recipients with --encrypt-to',
    });
  }
}

/** Whole seconds since the epoch. A name that is ahead of the clock says nothing, unless another clock has written all of them. */
function youngestOf(used: readonly StoredSnapshot[], { clock }: RunContext): number {
  const known = used.filter(({ ahead }) => ahead === undefined || ahead.before !== undefined);
  return known.length === 0
    ? Math.floor(clock.now() / 1000)
    : known.reduce((youngest, each) => Math.max(youngest, takenOn(each)), 0);
}

function settled<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') {
    throw result.reason;
  }
  return result.value;
}

/** Reads the whole new database once more, while it is compressed and on its way to the store. */
async function inspect(
  {
    file,
    expected,
    index,
  }: { readonly file: string; readonly expected: number; readonly index: BufferedIndex | undefined },
  { signal }: RunContext,
): Promise<DatabaseFacts> {
  const facts = await inspectDatabase(file, { signal, ...(index === undefined ? {} : { onKeys: index.onKeys }) });
  if (facts.lastRevision !== expected) {
    throw new Error(`the compacted database is at revision ${facts.lastRevision}, not at ${expected}`);
  }
  return facts;
}

interface SaveWork {
  readonly store: SnapStore;
  readonly file: string;
  readonly snapshot: Snapshot;
  /** What it is made of. */
  readonly used: readonly StoredSnapshot[];
  /** What began the history that it is made of; undefined for the first one that is known. */
  readonly begunBy: HistoryMarker | undefined;
  readonly packing: Packing;
  readonly timeoutMs: number;
  /** The end of the file is held back until this has settled; nothing is saved when it rejects. */
  readonly sound: Promise<DatabaseFacts>;
  /** Follows the object; undefined where it has none. */
  readonly index: BufferedIndex | undefined;
}

async function save(work: SaveWork, { signal, progress }: RunContext): Promise<StoredSnapshot> {
  const { store, file, snapshot, packing, timeoutMs, sound, index } = work;
  const size = (await stat(file)).size + HASH_SIZE;
  const deadline = AbortSignal.timeout(timeoutMs);
  using bar = progress.start({ label: `Saving ${snapshot.name}`, unit: 'bytes', total: size });
  const body = async function* (): AsyncGenerator<Uint8Array, void> {
    const members: WrittenMember[] = [];
    const content = withHash({ file, sound }, (bytes) => bar.advance(bytes));
    yield* pack(content, packing, {
      onMember: (member) => members.push(member),
      after: async () => index?.members(members, { contentSize: size, facts: await sound }) ?? [],
    });
  };
  try {
    const sizeBound = packedSizeBound(size, packing, { after: index?.limit ?? 0 });
    const mayPublish = (call: CallOptions): Promise<void> => refuseLeft(work, call);
    const options = { signal: AbortSignal.any([signal, deadline]), sizeBound, again: body, mayPublish };
    return await store.save(snapshot, body(), options);
  } catch (error) {
    if (!deadline.aborted || signal.aborted) {
      throw error;
    }
    throw new Failure({
      code: 'timeout',
      action: 'save the compacted snapshot in',
      object: store.location,
      found: `it took longer than ${timeoutMs / 1000} s`,
      remedy: 'raise --etcd-snapshot-timeout',
      cause: error,
    });
  }
}

/**
 * Throws a {@link Failure} `history_taken_over` where a new history began meanwhile that does not share all that was compacted: the marker does
 * not name the new full, so it would count as the newest of a history that it does not belong to. What it is made of may be deleted since.
 */
async function refuseLeft(
  { store, snapshot, used, begunBy }: Pick<SaveWork, 'store' | 'snapshot' | 'used' | 'begunBy'>,
  call: CallOptions,
): Promise<void> {
  const { markers } = await store.list(call);
  const begun = markers
    .filter(beginsHistory)
    .filter(({ name, begunOn }) => begunBy === undefined || (name !== begunBy.name && begunOn >= begunBy.begunOn));
  const since = begun.find(({ shared }) => shared < snapshot.lastRevision);
  if (since !== undefined) {
    const gone = used.find(({ lastRevision }) => lastRevision > since.shared) ?? snapshot;
    throw new Failure({
      code: 'history_taken_over',
      action: 'store the compacted snapshot in',
      object: store.location,
      found: `a new history has begun there meanwhile, to which ${gone.name} does not belong`,
      remedy: 'run it again',
    });
  }
}

/** The file and then its SHA-256, as every full is stored. */
async function* withHash(
  { file, sound }: Pick<SaveWork, 'file' | 'sound'>,
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    hash.update(bytes);
    yield bytes;
    onRead(bytes.length);
  }
  await sound;
  yield hash.digest();
}

function compactFailure(error: unknown, tempDir: string): unknown {
  if (error instanceof Damage) {
    return new Failure({
      code: 'snapshot_corrupt',
      action: 'compact',
      object: 'the newest backup',
      found: `its database is damaged at byte ${error.offset}: ${error.reason}`,
      remedy: 'see etcdbrctl verify',
      cause: error,
    });
  }
  if (error instanceof Failure && error.action.startsWith('restore')) {
    // What a restore does as well, in the words of a command that restores nothing.
    return error.doing(error.action === 'restore from' ? 'compact what is in' : 'compact');
  }
  return (
    fileFailure(error, { action: 'compact in', object: tempDir, flag: '--restoration-temp-snapshots-dir' }) ?? error
  );
}
