import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Database } from '../../datadir/bbolt/database.ts';
import { readCompactionMarks } from '../../datadir/mvcc/compaction-marks.ts';
import { readLastRevision } from '../../datadir/mvcc/last-revision.ts';
import { fileFailure } from '../../fs/file-failure.ts';
import { createScratchDirectory } from '../../fs/scratch-directory.ts';
import { makingTemporary, writingTemporary } from '../../fs/work-directory.ts';
import { clusterIdOfFull } from '../../objects/full-facts.ts';
import { readFailure } from '../../objects/read-failure.ts';
import { openSnapshotFile } from '../../objects/single-file-store.ts';
import { writeFull } from '../../objects/write-full.ts';
import { type Revision, revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { endsWithHash } from '../../snapshot/hash-size.ts';
import { checkTrailingHash } from '../../snapshot/trailing-hash.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import { clusterIdOfHistory, memberIdsIn } from '../restore/backed-up-cluster.ts';
import { selectChain } from '../restore/select-chain.ts';
import { deltasOfOneHistory } from './deltas-of-one-history.ts';
import { readByIndex, type WantedDatabase } from './read-by-index.ts';
import type { KnownState, StateRequest, StateSource } from './state.ts';

type StoreSource = Extract<StateSource, { readonly kind: 'store' }>;
type LiveSource = Extract<StateSource, { readonly kind: 'live' }>;
type PathSource = Extract<StateSource, { readonly kind: 'path' }>;

/**
 * Runs `work` with a state of a cluster. What is in a store is read as by a restore, into a temporary database with the whole history
 * of its chain. Nothing else is changed. Throws a {@link Failure}, and what `work` throws.
 */
export async function withState<T>(
  request: StateRequest,
  context: RunContext,
  work: (state: KnownState) => Promise<T>,
): Promise<T> {
  const { source } = request;
  switch (source.kind) {
    case 'store':
      try {
        return await withStoredState({ ...request, source }, context, work);
      } catch (error) {
        throw fileFailure(error, { action: 'work in', object: request.tempDir, flag: '--temp-dir' }) ?? error;
      }
    case 'path':
      try {
        return (await stat(source.path)).isDirectory()
          ? await withMemberState(source, context, work)
          : await withFileState({ ...request, source }, context, work);
      } catch (error) {
        throw readFailure(error, source.path);
      }
    case 'live':
      try {
        return await withLiveState({ ...request, source }, context, work);
      } catch (error) {
        throw fileFailure(error, { action: 'work in', object: request.tempDir, flag: '--temp-dir' }) ?? error;
      }
    default:
      return source satisfies never;
  }
}

async function withStoredState<T>(
  {
    source: { store, target },
    tempDir,
    maxFetchers,
    wanted: keys,
    content = 'keys',
  }: StateRequest & {
    readonly source: StoreSource;
  },
  context: RunContext,
  work: (state: KnownState) => Promise<T>,
): Promise<T> {
  const selection = await selectChain(store, target, context, { command: 'lookup' }).catch((error: unknown) => {
    throw onlyReading(error);
  });
  await using scratch = await createScratchDirectory(tempDir, 'lookup', context);
  const { base } = selection.chains[0];
  const part =
    keys === undefined
      ? undefined
      : await readByIndex(
          {
            store,
            full: base,
            wanted: keys,
            content,
            until: selection.until,
            deltasAfter: (lastRevision) => deltasOfOneHistory({ store, selection, lastRevision, tempDir }, context),
            directory: path.join(scratch.path, 'index'),
            maxFetchers,
          },
          context,
        );
  if (part !== undefined) {
    const snapshots = [base, ...part.deltas];
    const clusterId = part.clusterId ?? clusterIdOfHistory(selection.history);
    return await withPart(part, { snapshots, location: store.location, clusterId }, work);
  }
  const { rebuildForLookup } = await import('./rebuild-for-lookup.ts');
  const whole = { store, target, selection, directory: scratch.path, maxFetchers };
  const { file, used } = await rebuildForLookup(whole, context).catch((error: unknown) => {
    throw onlyReading(error);
  });
  const wanted = selection.until;
  const clusterId = (await clusterIdOfFull({ store, full: used[0] }, context)) ?? clusterIdOfHistory(selection.history);
  return await withDatabase({ file, wanted, snapshots: used, location: store.location, clusterId }, context, work);
}

/** A failure of what a restore does as well, in the words of a command that restores nothing; any other error as it is. */
function onlyReading(error: unknown): unknown {
  if (!(error instanceof Failure) || !error.action.startsWith('restore')) {
    return error;
  }
  return error.doing(error.action === 'restore from' ? 'read a state from' : 'read');
}

async function withFileState<T>(
  { source, tempDir, maxFetchers, wanted, content = 'keys' }: StateRequest & { readonly source: PathSource },
  context: RunContext,
  work: (state: KnownState) => Promise<T>,
): Promise<T> {
  const { store, snapshot } = await openSnapshotFile(source.path, { hash: 'optional', identities: source.identities });
  await using _held = store;
  const found = { wanted: source.revision, snapshots: [], location: source.path, clusterId: undefined };
  if (snapshot.compression === 'none' && snapshot.encryption === undefined) {
    if (endsWithHash(snapshot.size)) {
      await checkTrailingHash(createReadStream(source.path, { highWaterMark: 1024 * 1024 }), context);
    }
    return await withDatabase({ ...found, file: source.path }, context, work);
  }
  await using scratch = await makingTemporary(tempDir, () => createScratchDirectory(tempDir, 'lookup', context));
  const directory = path.join(scratch.path, 'index');
  const deltasAfter = (): Promise<readonly StoredSnapshot[]> => Promise.resolve([]);
  const part =
    wanted === undefined
      ? undefined
      : await readByIndex(
          { store, full: snapshot, wanted, content, until: source.revision, deltasAfter, directory, maxFetchers },
          context,
        );
  if (part !== undefined) {
    return await withPart(part, { ...found, clusterId: part.clusterId }, work);
  }
  const file = path.join(scratch.path, 'db');
  const target = { file, skipHashCheck: false, onRead: () => undefined };
  await writingTemporary(tempDir, () => writeFull({ store, full: snapshot }, target, context));
  const clusterId = await clusterIdOfFull({ store, full: snapshot }, context);
  return await withDatabase({ ...found, file, clusterId }, context, work);
}

async function withMemberState<T>(
  source: PathSource,
  context: RunContext,
  work: (state: KnownState) => Promise<T>,
): Promise<T> {
  const { withStoppedMember } = await import('../status/stopped-member.ts');
  return await withStoppedMember(source, context, async ({ dbFile, withLog, clusterId }) => {
    const found = {
      file: dbFile,
      wanted: source.revision,
      snapshots: [],
      location: source.path,
      withLog,
      clusterId: clusterId || undefined,
    };
    return await withDatabase(found, context, async (state) => {
      if (withLog > state.revision && source.revision === undefined) {
        context.log.warn(
          `The write-ahead log of ${source.path} goes on to revision ${withLog}; what is shown is the db, which ends at revision ${state.revision}`,
        );
      }
      return await work(state);
    });
  });
}

async function withLiveState<T>(
  { source: { cluster }, tempDir }: StateRequest & { readonly source: LiveSource },
  context: RunContext,
  work: (state: KnownState) => Promise<T>,
): Promise<T> {
  const { downloadDatabase } = await import('../snapshot/full/download.ts');
  await using scratch = await createScratchDirectory(tempDir, 'lookup', context);
  await using downloaded = await downloadDatabase({ cluster, compression: 'none', tempDir: scratch.path }, context);
  await downloaded.checked;
  return await withDatabase(
    { file: downloaded.path, wanted: undefined, snapshots: [], location: cluster.location, clusterId: undefined },
    context,
    work,
  );
}

/** A database that holds the wanted keys alone: its ends are those of the whole. */
async function withPart<T>(
  { file, revision: last, compactRevision }: WantedDatabase,
  origin: Pick<KnownState, 'snapshots' | 'location' | 'clusterId'>,
  work: (state: KnownState) => Promise<T>,
): Promise<T> {
  await using database = await Database.open(file);
  return await work({ database, revision: last, compactRevision, memberIds: [], ...origin });
}

/** A database in a file, and which state of it is wanted. */
interface FoundDatabase extends Pick<KnownState, 'snapshots' | 'location' | 'clusterId'> {
  readonly file: string;
  /** Undefined for the newest. */
  readonly wanted: Revision | undefined;
  /** The revision that its write-ahead log reaches, where it has one. */
  readonly withLog?: Revision;
}

async function withDatabase<T>(
  found: FoundDatabase,
  context: Pick<RunContext, 'signal'>,
  work: (state: KnownState) => Promise<T>,
): Promise<T> {
  const { file, wanted, snapshots, location, clusterId } = found;
  await using database = await Database.open(file);
  const { scheduled, finished } = await readCompactionMarks(database);
  const compactRevision = Math.max(scheduled, finished);
  const last = revision(await readLastRevision(database));
  if (wanted !== undefined && wanted > last) {
    throw new Failure({
      code: 'beyond_backup',
      action: 'read from',
      object: location,
      found: `revision ${wanted} is wanted, and it ends at revision ${last}${beyondText(found)}`,
      remedy: `give at most --revision ${last}, or none for the newest state`,
    });
  }
  if (wanted !== undefined && wanted < compactRevision) {
    throw compacted({ location, wanted, compactRevision });
  }
  const memberIds = clusterId === undefined ? await memberIdsIn(database, context) : [];
  return await work({ database, revision: wanted ?? last, compactRevision, snapshots, location, clusterId, memberIds });
}

/** The failure of a revision that a compaction has removed. */
function compacted({
  location,
  wanted,
  compactRevision,
}: {
  readonly location: string;
  readonly wanted: number;
  readonly compactRevision: number;
}): Failure {
  return new Failure({
    code: 'revision_compacted',
    action: 'read from',
    object: location,
    found: `revision ${wanted} is wanted, but its history begins at revision ${compactRevision}: what was before is compacted`,
    remedy: `give at least --revision ${compactRevision}, or look into an older backup`,
  });
}

function beyondText({ withLog, wanted = revision(0) }: FoundDatabase): string {
  return withLog !== undefined && withLog >= wanted
    ? '; its write-ahead log goes further, but etcd has not applied it yet'
    : '';
}
