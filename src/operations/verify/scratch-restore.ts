import path from 'node:path';
import { Database } from '../../datadir/bbolt/database.ts';
import { parsePeerUrl } from '../../datadir/membership/peer-url.ts';
import { type HistoryHash, hashKv } from '../../datadir/mvcc/hash-kv.ts';
import { refusalOf } from '../../fs/file-failure.ts';
import { createScratchDirectory } from '../../fs/scratch-directory.ts';
import type { Revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import { type RestoreResult, restore } from '../restore/restore.ts';
import type { Finding } from './findings.ts';

/** No etcd starts on the result. */
const PEER_URL = parsePeerUrl('http://localhost:2380');

/** A restore that was only tried. */
export interface TriedRestore extends HistoryHash {
  readonly eventsApplied: number;
  /** Bytes of the db. */
  readonly dbSize: number;
}

/** How it ended: a restore that failed is a finding about the snapshots. */
export type RestoreOutcome =
  | { readonly outcome: 'restored'; readonly result: TriedRestore }
  | { readonly outcome: 'failed'; readonly finding: Finding };

/**
 * Restores into a directory below `tempDir` that is removed again, and computes HashKV of the result. Throws a StoreError, and
 * errors of the file system as they are: they say nothing about the snapshots.
 */
export async function tryRestore(
  request: {
    readonly store: SnapStore;
    readonly until: Revision | undefined;
    readonly tempDir: string;
    readonly maxFetchers: number;
  },
  context: RunContext,
): Promise<RestoreOutcome> {
  await using scratch = await createScratchDirectory(request.tempDir, 'verify', context);
  try {
    const { eventsApplied, dbSize, dataDir } = await restoreInto(scratch.path, request, context);
    await using database = await Database.open(path.join(dataDir, 'member', 'snap', 'db'));
    return { outcome: 'restored', result: { ...(await hashKv(database, context)), eventsApplied, dbSize } };
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw error;
    }
    if (refusalOf(error.cause) !== undefined) {
      throw error.cause;
    }
    const text = `the restore failed: ${error.message}`;
    return { outcome: 'failed', finding: { weight: 'problem', snapshot: undefined, text } };
  }
}

async function restoreInto(
  scratch: string,
  request: { readonly store: SnapStore; readonly until: Revision | undefined; readonly maxFetchers: number },
  context: RunContext,
): Promise<RestoreResult> {
  const { store, until, maxFetchers } = request;
  return await restore(
    {
      store,
      command: 'verify',
      target: until === undefined ? {} : { until: { kind: 'revision', revision: until } },
      dataDir: path.join(scratch, 'data'),
      tempDir: path.join(scratch, 'deltas'),
      maxFetchers,
      skipHashCheck: false,
      quotaBytes: undefined,
      member: {
        name: 'default',
        initialCluster: new Map([['default', [PEER_URL]]]),
        initialClusterToken: 'etcd-cluster',
        initialAdvertisePeerUrls: [PEER_URL],
      },
    },
    context,
  );
}
