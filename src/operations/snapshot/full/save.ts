import { readBlocks } from '../../../fs/read-blocks.ts';
import { withPath } from '../../../fs/with-path.ts';
import { revision } from '../../../revision.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import { tap } from '../../../runtime/streams/tap.ts';
import { newSnapshot } from '../../../snapshot/name.ts';
import { type Packing, packingInName } from '../../../snapshot/packing.ts';
import type { Snapshot } from '../../../snapshot/snapshot.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';
import type { DownloadedDatabase } from './download.ts';

/** A database to store as a full snapshot. */
export interface SaveFullSnapshotRequest extends Packing {
  readonly store: SnapStore;
  readonly final: boolean;
  readonly database: DownloadedDatabase;
  /** Seconds since the epoch. */
  readonly createdOn: number;
  /** When etcd was first asked for the database, monotonic ms; all of the time since is reported. */
  readonly begunAt: number;
}

/** A full snapshot that is in the store; the same facts `etcdctl snapshot save` and `status` give. */
export interface FullSnapshotResult {
  readonly snapshot: StoredSnapshot;
  /** CRC-32C over the db's records, as `etcdctl snapshot status` prints it. */
  readonly hash: number;
  /** Number of records, as `etcdctl snapshot status` counts. */
  readonly totalKeys: number;
  /** Bytes of the uncompressed db. */
  readonly totalSize: number;
  /** How long it took from the first byte on. */
  readonly seconds: number;
}

/** What the name of a full is made of. */
export interface NamedFull extends Pick<SaveFullSnapshotRequest, keyof Packing | 'final' | 'createdOn'> {
  readonly database: Pick<DownloadedDatabase, 'lastRevision'>;
}

/** The full that a database is stored as. */
export function fullOf(request: NamedFull): Snapshot {
  return newSnapshot({
    kind: 'Full',
    startRevision: revision(0),
    lastRevision: request.database.lastRevision,
    createdOn: request.createdOn,
    ...packingInName(request),
    isFinal: request.final,
  });
}

/**
 * Uploads a database that was downloaded, while it is being checked. It becomes visible when it is found sound; else the upload
 * is aborted and the check's failure thrown.
 */
export async function saveFullSnapshot(
  request: SaveFullSnapshotRequest,
  { signal, clock, log, progress }: RunContext,
): Promise<FullSnapshotResult> {
  const { database, store, begunAt } = request;
  const { object, lastRevision, checked } = database;
  const snapshot = fullOf(request);
  using bar = progress.start({ label: `Saving ${snapshot.name}`, unit: 'bytes', total: object.size });
  const body = tap(storedBytes(object), { onBytes: (bytes) => bar.advance(bytes) });
  const unsound = new AbortController();
  const sound = checked.then(
    () => undefined,
    (error: unknown) => {
      unsound.abort(error);
      throw error;
    },
  );
  // The store may fail before it waits for this.
  sound.catch(() => undefined);
  const bounds = {
    signal: AbortSignal.any([signal, unsound.signal]),
    sizeBound: object.sizeBound,
    sizeAtLeast: object.size,
    again: () => storedBytes(object),
    linkFile: { path: object.path, size: () => object.size + object.index.size },
    publishAfter: sound,
  };
  const stored = await store.save(snapshot, body, bounds).catch((error: unknown) => {
    unsound.signal.throwIfAborted();
    throw error;
  });
  const { hash, totalKeys, size: totalSize } = await checked;
  const seconds = (clock.monotonic() - begunAt) / 1000;
  log.info(`Total time to save snapshot: ${seconds.toFixed(3)} seconds.`);
  log.info(
    { revision: lastRevision, bytes: stored.size, databaseBytes: totalSize, keys: totalKeys },
    `Successfully saved full snapshot at: ${stored.key}`,
  );
  return { snapshot: stored, hash, totalKeys, totalSize, seconds };
}

/** The object; its index comes when all pages are checked. */
async function* storedBytes({ path, handle, size, index }: DownloadedDatabase['object']): AsyncGenerator<Uint8Array> {
  try {
    yield* readBlocks(handle, { end: size });
    yield* readBlocks(handle, { start: size, end: size + (await index.written) });
  } catch (error) {
    throw withPath(error, path);
  }
}
