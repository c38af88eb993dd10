import type { Revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { applyDeltas } from './apply-deltas.ts';
import { writeBase } from './base.ts';
import { chooseDeltas, selectDeltas } from './delta-choice.ts';
import { DeltaPipeline, worthThread } from './delta-pipeline.ts';
import { attribute } from './failures.ts';
import { type Identity, withScheduledCompaction } from './identity.ts';
import { RestoredDatabase } from './restored-database.ts';
import type { Backup, Selection } from './selection.ts';
import { toldLeases } from './told-leases.ts';

/** What a database is assembled from. */
export interface AssemblySource {
  readonly store: SnapStore;
  /** Accepts a base whose trailing hash is wrong or missing. Deltas are always checked. */
  readonly skipHashCheck: boolean;
  /** Deltas fetched at once. */
  readonly maxFetchers: number;
  /** Where temporary files go; made and removed. */
  readonly tempDir: string;
  /** A larger database is refused, bytes. */
  readonly quotaBytes: number;
  /** Raises the last revision by this much and marks it as compacted; 0 or left out for neither. */
  readonly bumpRevision?: number;
  /** What becomes of leases of which only the id is known; left out, they live for an hour. */
  readonly unknownLeases?: UnknownLeases;
}

/**
 * Leases that were granted after the full and whose TTL no delta tells, as in those of the Go program: begun anew with a
 * TTL, or taken from their keys.
 */
export type UnknownLeases = { readonly kind: 'grant'; readonly ttlSeconds: number } | { readonly kind: 'strip' };

/** Long enough for its owner to come back and renew it. */
const ANEW = { kind: 'grant', ttlSeconds: 3_600 } as const satisfies UnknownLeases;

/** A database that stands in its file. */
export interface AssembledDatabase {
  readonly revision: Revision;
  /** The snapshots used, base first. */
  readonly used: readonly [StoredSnapshot, ...StoredSnapshot[]];
  readonly eventsApplied: number;
  /** Bytes. */
  readonly dbSize: number;
}

/**
 * Writes the database of a full and all changes of the deltas behind it to a new file (0600), durable when this resolves.
 * `identity` is what it is told of the cluster it belongs to. Throws a {@link Failure}.
 */
export async function assembleDatabase(
  work: {
    readonly request: AssemblySource;
    readonly selection: Selection;
    readonly file: string;
    readonly identity: Identity;
  },
  context: RunContext,
): Promise<AssembledDatabase> {
  const { request, selection, file, identity } = work;
  const { bumpRevision = 0 } = request;
  const unknownLeases: UnknownLeases = request.unknownLeases ?? ANEW;
  const { until } = selection;
  const { log, signal } = context;
  reportUnrecorded(selection, context);
  const [newest] = selection.backups;
  const { base: first, candidates } = newest;
  using bar = context.progress.start({ label: 'restore', unit: 'bytes', total: totalSize([first, ...candidates]) });
  const onRead = (bytes: number): void => bar.advance(bytes);
  // Mostly the base ends where its name says, so that many deltas can be on their way while it is written.
  const presumed = { covered: first.lastRevision, until };
  const ahead = chooseDeltas(newest, presumed).deltas;
  // Which leases have to go is known only from the base.
  const canBegin = worthThread(ahead) && unknownLeases.kind === 'grant';
  const begin = { ...request, deltas: ahead, after: presumed.covered, until, keptLeases: undefined, onFetched: onRead };
  await using early = canBegin ? new DeltaPipeline(begin, context) : undefined;
  const { backup, database: opened } = await openBase({ request, selection, file, onRead }, context);
  await using database = opened;
  const { base } = backup;

  const reach = { covered: database.baseRevision, until };
  const { deltas } = selectDeltas(backup, reach, { log, location: request.store.location });
  bar.expect(totalSize([base, ...deltas]));
  const after = database.baseRevision;
  const keptLeases =
    unknownLeases.kind === 'strip'
      ? [...(await database.knownLeases({ signal })), ...(await toldLeases({ store: request.store, deltas }, context))]
      : undefined;
  const fitting = base === first && after === presumed.covered ? early : undefined;
  if (fitting === undefined) {
    await early?.[Symbol.asyncDispose]();
  }
  await using pipeline =
    fitting ?? new DeltaPipeline({ ...request, deltas, after, until, keptLeases, onFetched: onRead }, context);
  await attribute(base, () => database.checkBase({ signal }));
  const applied = await applyDeltas(database, { pipeline, until, bumpBy: bumpRevision }, context);
  // Where leases are stripped, all that are left are known.
  const unknownTtl = unknownLeases.kind === 'grant' ? unknownLeases.ttlSeconds : ANEW.ttlSeconds;
  const { granted, guessed } = await database.addLeases(applied.leases, {
    ttls: applied.leaseTtls,
    unknownTtl,
    signal,
  });
  if (granted > 0) {
    log.info(
      { leases: granted, unknown: guessed },
      `Leases granted after the base snapshot begin anew: ${granted}, of which ${guessed} with ${unknownTtl} s, as their TTL is not known`,
    );
  }
  const told = bumpRevision > 0 ? withScheduledCompaction(identity, applied.revision) : identity;
  await database.finish(told, { signal });
  return {
    revision: applied.revision,
    used: [base, ...deltas],
    eventsApplied: applied.events,
    dbSize: database.size,
  };
}

/** Fetches and opens fulls until one does not reach beyond what is wanted; mostly the first. */
async function openBase(
  work: {
    readonly request: AssemblySource;
    readonly selection: Selection;
    readonly file: string;
    readonly onRead: (bytes: number) => void;
  },
  context: RunContext,
): Promise<{ readonly backup: Backup; readonly database: RestoredDatabase }> {
  const { request, selection, file, onRead } = work;
  const { store, quotaBytes, skipHashCheck } = request;
  const { until = Number.MAX_SAFE_INTEGER } = selection;
  for (const backup of selection.backups) {
    const { base } = backup;
    context.log.info({ snapshot: base.name }, `Restoring from base snapshot: ${base.name}`);
    const database = await attribute(base, async () => {
      await writeBase({ store, base }, { file, skipHashCheck, onRead }, context);
      return await RestoredDatabase.open(file, { quotaBytes });
    });
    if (database.baseRevision <= until) {
      return { backup, database };
    }
    context.log.info(
      `${base.name} really ends at revision ${database.baseRevision}, beyond ${until}; trying an older full`,
    );
    await database[Symbol.asyncDispose]();
  }
  throw new Failure({
    code: 'no_backup',
    action: 'restore from',
    object: store.location,
    found: `every full snapshot reaches beyond revision ${until}`,
    remedy: 'choose a later revision or time',
  });
}

function reportUnrecorded({ until, unrecorded }: Selection, { log }: RunContext): void {
  if (unrecorded !== undefined) {
    const { from, to } = unrecorded;
    log.warn(
      `When revisions ${from} to ${to} were made is not recorded, as their deltas are gone; the state of revision ${until} is restored`,
    );
  }
}

function totalSize(snapshots: readonly StoredSnapshot[]): number {
  return snapshots.reduce((sum, snapshot) => sum + snapshot.size, 0);
}
