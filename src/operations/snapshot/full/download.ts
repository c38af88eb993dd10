import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { buildInfo } from '../../../build-info.ts';
import { Database } from '../../../datadir/bbolt/database.ts';
import { Damage } from '../../../datadir/damage.ts';
import { type DatabaseFacts, inspectDatabase } from '../../../datadir/mvcc/inspect-database.ts';
import { readLastRevision } from '../../../datadir/mvcc/last-revision.ts';
import type { EtcdCluster } from '../../../etcd/cluster.ts';
import { FileAppender } from '../../../fs/appender.ts';
import { createTemporaryFile, type TemporaryFile } from '../../../fs/temporary-file.ts';
import { VolumeSpace } from '../../../fs/volume-space.ts';
import { type Revision, revision } from '../../../revision.ts';
import { atomicMarking } from '../../../runtime/memory/atomic-marking.ts';
import { promptBufferCollection } from '../../../runtime/memory/prompt-buffer-collection.ts';
import { releaseExecutablePages } from '../../../runtime/memory/resident-executable.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { WrittenMember } from '../../../snapshot/compression/written-member.ts';
import { Sealer } from '../../../snapshot/encryption/sealer.ts';
import { indexFraming } from '../../../snapshot/key-index/index-framing.ts';
import { type Packing, pack } from '../../../snapshot/packing.ts';
import { BrokenStream } from './broken-stream.ts';
import { checkAndIndex, type KnownFacts } from './check-and-index.ts';
import { corruptSnapshot } from './corrupt-snapshot.ts';
import { factsOf, receiveDatabase, type Sender } from './receive-database.ts';
import { type TemporaryPlace, writingTo } from './temporary-place.ts';

/** How often a stream that breaks off is begun anew, and the pause before, ms. */
const mostAttempts = 3;
const attemptPauseMs = 1_000;

/**
 * A member's database: whole and ready to be stored, but not to be trusted before all its pages are checked. Disposing ends
 * the check and removes the temporary files.
 */
export interface DownloadedDatabase extends AsyncDisposable {
  /** Of the database itself, not compressed. */
  readonly path: string;
  /** The database followed by its SHA-256, compressed. */
  readonly object: StoredForm;
  /** True last revision. */
  readonly lastRevision: Revision;
  /**
   * What the check of all pages and records finds; it goes on by itself. Rejects with a Failure `snapshot_corrupt` when they
   * are not sound; a caller need not wait for that.
   */
  readonly checked: Promise<DatabaseFacts>;
}

/** The bytes of an object in a file; an index may follow them when the check has ended. */
export interface StoredForm {
  readonly path: string;
  readonly handle: FileHandle;
  /** Bytes, without those of the index. */
  readonly size: number;
  /** The most bytes that it will have. */
  readonly sizeBound: number;
  readonly index: {
    /** Bytes so far: none until it is complete. */
    readonly size: number;
    /** Its bytes, when it is complete in the file; rejects where the database is not sound. */
    readonly written: Promise<number>;
  };
}

/** What to download, and where to keep it meanwhile. */
export interface DownloadRequest extends Packing {
  readonly cluster: EtcdCluster;
  /** Has room for the database and its compressed form. */
  readonly tempDir: string;
  /** A member that has not reached this revision is read only where no other one has. */
  readonly reaching?: Revision;
  /** Called each time that a stream was opened: the database is that of some moment before. */
  readonly onOpened?: () => void;
}

/**
 * Streams the database of a member to a temporary file, compresses it on the way, checks its hash, and begins to check its pages.
 * Throws a Failure `snapshot_corrupt` when what came is no sound database, and `temp_unwritable` when it cannot be kept.
 */
export async function downloadDatabase(request: DownloadRequest, context: RunContext): Promise<DownloadedDatabase> {
  const { clock, log, signal } = context;
  using _marking = atomicMarking();
  // Pages of the executable that only the start needed would add to the peak of memory, which is now.
  await releaseExecutablePages();
  for (let attempt = 1; ; attempt++) {
    try {
      return await downloadOnce(request, context);
    } catch (error) {
      // Where no member could be reached at all, each has been asked already.
      if (attempt === mostAttempts || !(error instanceof BrokenStream)) {
        throw error instanceof BrokenStream ? error.cause : error;
      }
      log.warn({ error: error.cause }, `Reading the snapshot again: ${error.message}`);
      await clock.sleep(attemptPauseMs, signal);
    }
  }
}

async function downloadOnce(request: DownloadRequest, context: RunContext): Promise<DownloadedDatabase> {
  const { cluster, compression, recipients, tempDir } = request;
  await using files = new AsyncDisposableStack();
  const buffers = files.use(promptBufferCollection());
  const open = (purpose: string): Promise<TemporaryFile> =>
    writingTo({ tempDir }, () => createTemporaryFile(tempDir, purpose, context));
  const plain = files.use(await open('snapshot'));
  const place = { tempDir, space: await VolumeSpace.in(path.dirname(plain.path)) };
  const packed = compression === 'none' && recipients === undefined ? undefined : files.use(await open('compressed'));
  const sender: Sender = { endpoint: undefined, status: undefined };
  const received = receiveDatabase(plain.handle, { ...request, ...place, buffers, sender }, context);
  const members: WrittenMember[] = [];
  const onMember = (member: WrittenMember): void => void members.push(member);
  const takenAt = new Date(context.clock.now()).toISOString();
  const framing = indexFraming(request);
  // What follows the contents is known when all pages are checked, and is encrypted with them.
  const sealer = framing === undefined || recipients === undefined ? undefined : await Sealer.begin(recipients);
  const stored =
    sealer === undefined
      ? pack(received, request, { onMember })
      : sealer.begun(pack(received, { ...request, recipients: undefined }, { onMember }));
  const size = await keep(stored, packed?.handle, place);
  const lastRevision = await rejectingDamage(cluster.location, () => lastRevisionOf(plain.path));
  buffers.collect();
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  const known = (): KnownFacts => ({ ...factsOf(sender), takenAt, writtenBy: buildInfo.version });
  const work =
    packed === undefined || framing === undefined
      ? { checked: inspectDatabase(plain.path, { signal }), written: Promise.resolve(0), limit: 0 }
      : checkAndIndex(
          plain.path,
          {
            handle: packed.handle,
            tempDir,
            framing,
            size,
            members,
            contentSize: (await plain.handle.stat()).size,
            sealer,
          },
          { signal, known },
        );
  const index = { size: 0, written: work.written };
  const checked = rejectingDamage(cluster.location, async () => {
    const facts = await work.checked;
    index.size = await work.written;
    return facts;
  });
  // Its outcome counts when a caller asks for it.
  const over = checked.then(
    () => buffers.collect(),
    () => undefined,
  );
  files.defer(async () => {
    ended.abort();
    await over;
  });
  const object = packed ?? plain;
  const kept = files.move();
  return {
    path: plain.path,
    object: { path: object.path, handle: object.handle, size, sizeBound: size + work.limit, index },
    lastRevision,
    checked,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Writes `bytes` to a file, where there is one; returns how many they were. */
async function keep(
  bytes: AsyncIterable<Uint8Array>,
  handle: FileHandle | undefined,
  place: TemporaryPlace,
): Promise<number> {
  const file = handle === undefined ? undefined : new FileAppender(handle);
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    await writingTo(place, async () => await file?.append(chunk));
  }
  await writingTo(place, async () => await file?.flush());
  return size;
}

async function lastRevisionOf(path: string): Promise<Revision> {
  await using database = await Database.open(path);
  return revision(await readLastRevision(database));
}

/** Reads from a database that `location` sent; damage in it becomes a Failure that names the sender. */
async function rejectingDamage<T>(location: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof Damage ? corruptSnapshot(location, `byte ${error.offset}: ${error.reason}`, error) : error;
  }
}
