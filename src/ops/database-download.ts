import type { FileHandle } from 'node:fs/promises';
import { Damage } from '../datadir/damage.ts';
import { inspectDatabase } from '../datadir/mvcc/inspect.ts';
import type { EtcdCluster } from '../etcd/cluster.ts';
import { type Revision, revision } from '../revision.ts';
import { Failure } from '../runtime/failure.ts';
import type { RunContext } from '../runtime/run-context.ts';
import { HashDamage } from '../snapshot/damage.ts';
import { HASH_SIZE, TrailingHash } from '../snapshot/trailing-hash.ts';
import { createTemporaryFile, type TemporaryFile } from './temporary-file.ts';

/** A bbolt file is a multiple of this. */
const sectorSize = 512;
/** Bytes gathered before they are written to disk. */
const writeSize = 1024 * 1024;

/** A member's database in a temporary file, found whole and sound. Disposing removes the file. */
export interface DownloadedDatabase extends AsyncDisposable {
  /** Holds the database and its SHA-256 behind it, as they are stored. */
  readonly file: TemporaryFile;
  /** Bytes of the file. */
  readonly fileSize: number;
  /** True last revision. */
  readonly lastRevision: Revision;
  /** As `etcdctl snapshot status` prints it. */
  readonly hash: number;
  /** As `etcdctl snapshot status` counts. */
  readonly totalKeys: number;
  /** Bytes of the database. */
  readonly totalSize: number;
}

/**
 * Streams the database of a member to a temporary file and checks hash and structure.
 * Throws a Failure `snapshot_corrupt` when what came is no sound database, and `temp_unwritable` when it cannot be kept.
 */
export async function downloadDatabase(
  request: { readonly cluster: EtcdCluster; readonly tempDir: string },
  context: RunContext,
): Promise<DownloadedDatabase> {
  const { cluster, tempDir } = request;
  await using cleanup = new AsyncDisposableStack();
  const file = cleanup.use(await writing(tempDir, () => createTemporaryFile(tempDir, 'snapshot')));
  const fileSize = await receive(file.handle, request, context);
  const facts = await inspected(file.path, cluster.location, context.signal);
  cleanup.move();
  return {
    file,
    fileSize,
    lastRevision: revision(facts.lastRevision),
    hash: facts.hash,
    totalKeys: facts.totalKeys,
    totalSize: facts.size,
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

/** Returns the number of bytes received, hash included. */
async function receive(
  handle: FileHandle,
  { cluster, tempDir }: { readonly cluster: EtcdCluster; readonly tempDir: string },
  { signal, progress, log }: RunContext,
): Promise<number> {
  using bar = progress.start({ label: 'Reading snapshot', unit: 'bytes', total: undefined });
  const onSize = (bytes: number): void => {
    log.info('Successfully opened snapshot reader on etcd');
    bar.expect(bytes);
  };
  const trailing = new TrailingHash();
  let pending: Uint8Array[] = [];
  let pendingSize = 0;
  const flush = async (): Promise<void> => {
    await writing(tempDir, () => writeAll(handle, pending));
    pending = [];
    pendingSize = 0;
  };
  for await (const bytes of cluster.snapshot({ signal, onSize })) {
    trailing.push(bytes);
    pending.push(bytes);
    pendingSize += bytes.length;
    bar.advance(bytes.length);
    if (pendingSize >= writeSize) {
      await flush();
    }
  }
  await flush();
  if (trailing.length % sectorSize !== HASH_SIZE) {
    throw corrupt(cluster.location, `its ${trailing.length} bytes are not a database and a SHA-256 behind it`);
  }
  try {
    trailing.verify();
  } catch (error) {
    throw error instanceof HashDamage ? corrupt(cluster.location, error.message, error) : error;
  }
  return trailing.length;
}

/** `writev` may write less than it was given. */
async function writeAll(handle: FileHandle, buffers: readonly Uint8Array[]): Promise<void> {
  if (buffers.length === 0) {
    return;
  }
  const expected = buffers.reduce((sum, { length }) => sum + length, 0);
  const { bytesWritten } = await handle.writev(buffers);
  if (bytesWritten < expected) {
    await handle.writeFile(Buffer.concat(buffers).subarray(bytesWritten));
  }
}

async function inspected(path: string, location: string, signal: AbortSignal): ReturnType<typeof inspectDatabase> {
  try {
    return await inspectDatabase(path, { signal });
  } catch (error) {
    throw error instanceof Damage ? corrupt(location, `byte ${error.offset}: ${error.reason}`, error) : error;
  }
}

function corrupt(location: string, found: string, cause?: unknown): Failure {
  return new Failure({
    code: 'snapshot_corrupt',
    action: 'save the snapshot of',
    object: location,
    found,
    remedy: 'nothing was stored; take it from another member, and check this one (etcdctl endpoint hashkv, disk)',
    cause,
  });
}

async function writing<T>(tempDir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new Failure({
      code: 'temp_unwritable',
      action: 'write a temporary snapshot in',
      object: tempDir,
      found: code === 'ENOSPC' ? 'no space is left' : (code ?? String(cause)),
      remedy: 'make room for the whole database there or choose another --snapstore-temp-directory',
      cause,
    });
  }
}
