import type { Database } from '../../datadir/bbolt/database.ts';
import type { Meta } from '../../datadir/bbolt/meta.ts';
import { leasesInUse } from '../../datadir/mvcc/leases-in-use.ts';
import { namingSnapshot } from '../../objects/snapshot-failure.ts';
import type { Revision } from '../../revision.ts';
import { Int64Set } from '../../runtime/int64-set.ts';
import { atomicMarking } from '../../runtime/memory/atomic-marking.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { revisionsText } from '../../snapshot/revision-range-text.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { DeltaThread } from '../../workers/delta-thread.ts';
import { findingFailure } from '../history/finding-failure.ts';
import { findFork } from '../history/fork-check.ts';
import { withoutForeignAlarms } from './alarms.ts';
import { clusterIdOf } from './backed-up-cluster.ts';
import type { CandidateChain } from './candidate-chain.ts';
import { type Identity, withScheduledCompaction } from './cluster-identity.ts';
import { comparedDeltas } from './compared-deltas.ts';
import type { DatabaseWriter } from './database-writer.ts';
import type { AppliedDeltas } from './deltas/apply.ts';
import { chooseDeltas, selectDeltas } from './deltas/choose.ts';
import { type BaseInFile, DeltaApplication } from './deltas/delta-application.ts';
import { DeltaPipeline, worthThread } from './deltas/pipeline.ts';
import { recordedLeaseTtls } from './lease-records.ts';
import { checkStructure, knownLeases, openBase } from './open-base.ts';
import { refuseShortBase } from './refuse-short-base.ts';
import type { RestoringCommand } from './restoring-command.ts';
import type { Selection } from './select-chain.ts';
import { SpeculativeApply } from './speculative-apply.ts';

/** What a database is rebuilt from. */
export interface RebuildSource {
  readonly store: SnapStore;
  /** Accepts a base whose trailing hash is wrong or missing. Deltas are always checked. */
  readonly skipHashCheck: boolean;
  /** Deltas fetched at once. */
  readonly maxFetchers: number;
  /** Where temporary files go; made and removed. */
  readonly tempDir: string;
  /** A larger database is refused, bytes; undefined for no limit. */
  readonly quotaBytes: number | undefined;
  /** Raises the last revision by this much and marks it as compacted; left out for neither. */
  readonly bumpRevision?: number | undefined;
  /** The command that the advice in failures is for; left out, `restore`. */
  readonly command?: RestoringCommand;
  /** What becomes of leases of which only the id is known; left out, they live for an hour. */
  readonly unknownLeases?: UnknownLeases;
}

/**
 * Leases that were granted after the full and whose TTL no delta records, as in those of the Go program: begun anew with a TTL, or taken
 * from their keys.
 */
export type UnknownLeases = { readonly kind: 'grant'; readonly ttlSeconds: number } | { readonly kind: 'strip' };

/** Long enough for its owner to come back and renew it. */
const ANEW = { kind: 'grant', ttlSeconds: 3_600 } as const satisfies UnknownLeases;

/** Deltas and how they are read. */
interface ChosenDeltas {
  readonly deltas: readonly StoredSnapshot[];
  /** Last revision of what the first of them continues. */
  readonly after: Revision;
  /** Keys keep no other lease; undefined for all. */
  readonly keptLeases: readonly bigint[] | undefined;
  /** Whether what the first of them continues holds later changes, which are dropped. */
  readonly cutsBase?: boolean;
}

/** A database that is complete in its file. */
export interface RebuiltDatabase {
  readonly revision: Revision;
  /** The snapshots used, base first. */
  readonly used: readonly [StoredSnapshot, ...StoredSnapshot[]];
  readonly eventsApplied: number;
  /** Bytes. */
  readonly dbSize: number;
  /** The id that the members in the base give their cluster. */
  readonly baseClusterId: bigint | undefined;
}

/**
 * Writes the database of a full and all changes of the deltas that continue it to a new file (0600), durable when this resolves.
 * `identity` is what it records of the cluster it belongs to. Throws a {@link Failure}.
 */
export async function rebuildDatabase(
  work: {
    readonly request: RebuildSource;
    readonly selection: Selection;
    readonly file: string;
    readonly identity: Identity;
  },
  context: RunContext,
): Promise<RebuiltDatabase> {
  const { request, selection, file, identity } = work;
  const { bumpRevision, quotaBytes } = request;
  const unknownLeases: UnknownLeases = request.unknownLeases ?? ANEW;
  const { until } = selection;
  const { log, signal } = context;
  reportUnrecorded(selection, context);
  const [newest] = selection.chains;
  const { base: first, candidates } = newest;
  using bar = context.progress.start({ label: 'restore', unit: 'bytes', total: totalSize([first, ...candidates]) });
  const onRead = (bytes: number): void => bar.advance(bytes);
  const apply = (
    target: Pick<BaseInFile, 'meta' | 'base'>,
    deltas: ChosenDeltas,
    reader?: DeltaThread,
  ): DeltaApplication => {
    const pipeline = new DeltaPipeline({ ...request, ...deltas, until, reader, onFetched: onRead }, context);
    const { after: from, cutsBase = false } = deltas;
    const source = { pipeline, after: from, cutsBase, until, bumpBy: bumpRevision ?? 0 };
    return new DeltaApplication({ ...target, file, quotaBytes }, source, context);
  };
  // Mostly the base ends where its name says, so that many deltas can be applied while it is written.
  const presumed = first.lastRevision;
  const ahead = chooseDeltas(newest, { covered: presumed, until }).deltas;
  // What deltas leave is collected in one go; a full whose memory serves again leaves little.
  using _marking = ahead.length > 0 ? atomicMarking() : undefined;
  // Which leases have to go is known only from the base, and with a limit another base may be needed.
  const canBegin = worthThread(ahead) && unknownLeases.kind === 'grant' && until === undefined;
  // It starts while the first bytes of the base are fetched.
  await using reader = canBegin ? new DeltaThread() : undefined;
  await using early = new SpeculativeApply((target) =>
    apply(target, { deltas: ahead, after: presumed, keptLeases: undefined }, reader),
  );
  const onBoundary = canBegin ? (meta: Meta): void => early.onMeta(meta) : undefined;
  await using held = new AsyncDisposableStack();
  const {
    chain,
    database: base,
    lastRevision: after,
    isCut,
  } = await openBase({ ...request, selection, file, onRead, onBoundary, isKept: true }, context);
  held.use(base);
  // What is on the disk already need not be waited for in the end.
  const settled = base.settle();
  settled.catch(() => undefined);

  const wanted = { covered: after, until };
  const { deltas } = isCut
    ? { deltas: [] }
    : selectDeltas(chain, wanted, { log, location: request.store.location, command: request.command });
  if (!isCut) {
    refuseShortBase({ ...selection, base: chain.base, covered: after, deltas, command: request.command }, context);
  }
  await refuseForks({ chain, selection, covered: after, used: deltas, database: base, request }, context);
  bar.expect(totalSize([chain.base, ...deltas]));
  const begun = after === presumed && !isCut ? early.confirmBase(base) : undefined;
  if (begun === undefined) {
    await early[Symbol.asyncDispose]();
  }
  const keptLeases =
    unknownLeases.kind === 'strip'
      ? [
          ...(await knownLeases(base, { signal })),
          ...(await recordedLeaseTtls({ store: request.store, deltas }, context)),
        ]
      : undefined;
  held.move();
  await using application =
    begun ?? apply({ meta: base.meta, base: Promise.resolve(base) }, { deltas, after, keptLeases, cutsBase: isCut });
  const database = await application.database;
  await namingSnapshot(chain.base, () => checkStructure(base, { signal }));
  await settled;
  const applied = await application.applied;
  // A lease that was revoked after the revision to which the base was cut is missing in it.
  const revived = isCut && unknownLeases.kind === 'grant' ? await leasesInUse(base, { revision: after, signal }) : [];
  const leases = new Int64Set([...applied.leases, ...revived]);
  await beginLeasesAnew(database, { applied: { ...applied, leases }, unknownLeases }, context);
  const baseClusterId = await clusterIdOf(base, { signal });
  const own = await withoutForeignAlarms(identity, base, context);
  const recorded = bumpRevision !== undefined ? withScheduledCompaction(own, applied.revision) : own;
  await database.finish(recorded, { signal });
  return {
    revision: applied.revision,
    used: [chain.base, ...deltas],
    eventsApplied: applied.events,
    dbSize: database.size,
    baseClusterId,
  };
}

/** Throws a {@link Failure} `history_fork` when the chain is not of one history. */
async function refuseForks(
  work: {
    readonly chain: CandidateChain;
    readonly selection: Selection;
    readonly covered: Revision;
    readonly used: readonly StoredSnapshot[];
    readonly database: Database;
    readonly request: RebuildSource;
  },
  context: RunContext,
): Promise<void> {
  const { chain, selection, covered, used, database, request } = work;
  const { store, tempDir } = request;
  const finding = await findFork(
    {
      store,
      base: chain.base,
      covered,
      used,
      candidates: comparedDeltas(selection, chain, used),
      until: selection.until,
      doubts: selection.doubts,
      fallBacks: selection.fallBacks,
      ofHistory: selection.ofHistory,
      fulls: selection.fulls,
      begunBy: selection.history.begunBy,
      unproven: selection.unproven,
      database: () => Promise.resolve(database),
      tempDir,
    },
    context,
  );
  if (finding !== undefined) {
    throw findingFailure(store.location, finding);
  }
}

/** Records the leases of the deltas that the base does not know. */
async function beginLeasesAnew(
  database: DatabaseWriter,
  leases: { readonly applied: AppliedDeltas; readonly unknownLeases: UnknownLeases },
  { log, signal }: RunContext,
): Promise<void> {
  const { applied, unknownLeases } = leases;
  // Where leases are stripped, all that are left are known.
  const unknownTtl = unknownLeases.kind === 'grant' ? unknownLeases.ttlSeconds : ANEW.ttlSeconds;
  const ttls = applied.leaseTtls;
  const { granted, guessed } = await database.addLeases(applied.leases, { ttls, unknownTtl, signal });
  if (granted > 0) {
    log.info(
      { leases: granted, unknown: guessed },
      `Leases granted after the base snapshot begin anew: ${granted}, of which ${guessed} with ${unknownTtl} s, as their TTL is not known`,
    );
  }
}

function reportUnrecorded({ until, unrecorded }: Selection, { log }: RunContext): void {
  if (unrecorded !== undefined) {
    log.warn(
      `When ${revisionsText(unrecorded)} came is not recorded: what recorded it is gone; the state of revision ${until} is restored; --to-revision gives any of them that a later full still holds`,
    );
  }
}

function totalSize(snapshots: readonly StoredSnapshot[]): number {
  return snapshots.reduce((sum, snapshot) => sum + snapshot.size, 0);
}
