import { Semaphore } from '../../runtime/async/semaphore.ts';
import { Failure } from '../../runtime/failure.ts';
import { countText } from '../../runtime/log/amount.ts';
import { atomicMarking } from '../../runtime/memory/atomic-marking.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { historiesOf } from '../../snapshot/history/histories.ts';
import { beginsHistory, type StoreMarker } from '../../snapshot/history/history-marker.ts';
import type { SuspectedFork } from '../../snapshot/history/suspected-forks.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { Companion } from '../../snapstore/backups/companion-store.ts';
import type { SnapStore, StoredSnapshot, StoreListing } from '../../snapstore/snapstore.ts';
import { ContentCheckThread } from '../../workers/content-check-thread.ts';
import { whyNothingFound } from '../list/why-nothing-found.ts';
import { awaitFinalSnapshot } from './await-final.ts';
import { companionsOf, copyCompanions, type PlannedCompanion, planCompanions } from './companions.ts';
import { type ChainOutcome, copyChain } from './copy-chain.ts';
import { announceMarkers, copyMarkers, missingMarkers, storedMarkers } from './copy-markers.ts';
import type { CopyRoute } from './copy-object.ts';
import { type CopyLimits, type CopyPlan, type PlannedObject, pendingObjects, planCopy } from './plan.ts';

/** What to copy, and how. */
export interface CopyRequest extends CopyRoute, Omit<CopyLimits, 'now'> {
  /** Objects on their way at once. */
  readonly maxParallel: number;
  /** Which chain goes first; the newest when left out. */
  readonly order?: 'newest first' | 'oldest first';
  /** What of the source is not copied, such as what the target would delete again; nothing when left out. */
  unwanted?(listing: StoreListing): ReadonlySet<StoredSnapshot>;
}

/** What a copy has done. */
export interface CopyResult {
  /** In the order in which they appeared. */
  readonly copied: readonly PlannedObject[];
  /** What the target already had. */
  readonly present: number;
  /** Names of objects that the source deleted meanwhile; they and the deltas after them were left out. */
  readonly vanished: readonly string[];
  /** Names of deltas that no full precedes in the source. */
  readonly orphans: readonly string[];
  /** Backups that the limits left out. */
  readonly leftOut: number;
  /** Snapshots of histories that were left; they are not copied. */
  readonly ofLeftHistories: number;
  /** Companions of what was copied or is there. */
  readonly companions: { readonly copied: readonly Companion[]; readonly present: number };
}

/** The plan of a whole copy. */
export interface BackupCopyPlan extends CopyPlan {
  readonly companions: readonly PlannedCompanion[];
  /** The markers that the target needs to separate the histories. */
  readonly markers: readonly StoreMarker[];
  /** The newest full, which is copied before all else where such markers begin histories; undefined where none does. */
  readonly opening: PlannedObject | undefined;
  /** Snapshots of histories that were left; they are not copied. */
  readonly ofLeftHistories: number;
  /** Whether a history may have been left without a marker: then everything is copied, whatever number is wanted. */
  readonly isInDoubt: boolean;
  /** The copies turn back below what the target holds, so that it will look like two histories; undefined when they do not. */
  readonly turnsBack: SuspectedFork<Snapshot> | undefined;
}

/** Something that could not be copied, and why. */
interface FailedObject {
  readonly name: string;
  readonly error: unknown;
}

/** A source that goes on deleting is listed again only this often. */
const MOST_ROUNDS = 3;

/** Waits for a final full snapshot in the source, and says how that went. Without `timeoutMs` it waits without a limit. */
export async function waitForFinal(
  request: CopyRoute,
  timeoutMs: number | undefined,
  outer: RunContext,
): Promise<void> {
  const context = copierContext(outer);
  context.log.info('Waiting for a final full snapshot in the source');
  const outcome = await awaitFinalSnapshot(request.source, timeoutMs, context);
  if (outcome === 'found' || timeoutMs === undefined) {
    context.log.info('The source has its final full snapshot');
  } else {
    context.log.warn(`No final full snapshot appeared within ${timeoutMs / 1000} s; copying what is there`);
  }
}

/**
 * What {@link copyBackups} would do now. Changes nothing. Throws a {@link Failure} `no_backup` when the source holds no full, and a
 * StoreError.
 */
export async function planBackupCopy(request: CopyRequest, context: RunContext): Promise<BackupCopyPlan> {
  const { signal, clock } = context;
  const { source: from, target: to, maxBackups, maxBackupAgeDays } = request;
  const [source, target] = await Promise.all([from.list({ signal }), to.list({ signal })]);
  const { living, left, suspected } = historiesOf(source.snapshots, source.markers);
  const limits = { maxBackups, maxBackupAgeDays, now: clock.now() };
  const unwanted = request.unwanted?.(source) ?? new Set();
  const isEncrypted = request.keys?.recipients !== undefined;
  const newestFirst = planCopy(
    {
      source: living.snapshots.filter((snapshot) => !unwanted.has(snapshot)),
      target: target.snapshots,
      begunBy: living.begunBy,
    },
    suspected.length === 0 ? limits : { ...limits, maxBackups: undefined },
    { isEncrypted },
  );
  const plan =
    request.order === 'oldest first' ? { ...newestFirst, chains: newestFirst.chains.toReversed() } : newestFirst;
  if (plan.chains.length === 0 && plan.leftOut === 0) {
    throw await nothingIn(from, plan, context);
  }
  const [ours, theirs] = await Promise.all([companionsOf(from, context), companionsOf(to, context)]);
  const fulls = plan.chains.flatMap(([full]) => full?.source ?? []);
  const markers = missingMarkers({
    source: source.markers,
    target: storedMarkers(target),
    held: target.snapshots,
    living: living.snapshots,
    isEncrypted,
  });
  const opening = markers.some(beginsHistory) ? newestFirst.chains[0]?.[0] : undefined;
  const added = plan.chains.flat().flatMap(({ action, target: copy }) => (action === 'copy' ? copy : []));
  const before = historiesOf(target.snapshots, target.markers).suspected;
  const after = historiesOf<Snapshot>([...target.snapshots, ...added], [...target.markers, ...markers]).suspected;
  return {
    ...plan,
    markers,
    opening,
    turnsBack: suspected.length + before.length === 0 ? after[0] : undefined,
    ofLeftHistories: left.reduce((sum, { own }) => sum + own.length, 0),
    isInDoubt: suspected.length > 0,
    companions: planCompanions({ source: ours, target: theirs }, plan.leftOut === 0 ? 'all' : fulls, { isEncrypted }),
  };
}

/** Where a copy finds nothing, the place is mistyped far more often than a cluster has no backups. */
async function nothingIn(store: SnapStore, { orphans }: CopyPlan, context: RunContext): Promise<Failure> {
  const words =
    orphans.length > 0
      ? {
          found: `it holds no full snapshot, only ${countText(orphans.length, 'delta')} that ${orphans.length === 1 ? 'continues' : 'continue'} none`,
          remedy:
            'check --source-store-container and --source-store-prefix; where they are right, take a full snapshot of the running cluster',
        }
      : await whyNothingFound(store, { wanted: 'full snapshot', flags: 'source' }, context);
  return new Failure({ code: 'no_backup', action: 'copy from', object: store.location, ...words });
}

/**
 * Copies backups from one store to another: what the target lacks, and what it holds with another size. Full snapshots
 * appear before their deltas, and deltas in their order, whatever happens meanwhile; running it again finishes what
 * was interrupted. Throws a {@link Failure} `copy_incomplete` when objects could not be copied, after everything else was.
 */
export async function copyBackups(request: CopyRequest, outer: RunContext): Promise<CopyResult> {
  const context = copierContext(outer);
  const copied: PlannedObject[] = [];
  const copiedCompanions: Companion[] = [];
  let present: number | undefined;
  for (let round = 1; ; round++) {
    const plan = await planBackupCopy(request, context);
    present ??= plan.chains.flat().length - pendingObjects(plan).length;
    if (round === 1 && plan.orphans.length > 0) {
      context.log.warn(
        { snapshots: plan.orphans.length, first: plan.orphans[0]?.name },
        `The source holds ${countText(plan.orphans.length, 'delta')} without the full snapshot before; what has none is not copied`,
      );
    }
    if (round === 1) {
      reportHistories(plan, request.target, context);
    }
    const outcomes = await copyPlanned(plan, request, context);
    copied.push(...outcomes.flatMap((outcome) => outcome.copied));
    context.signal.throwIfAborted();
    const companions = await copyCompanions(plan.companions, request, context);
    copiedCompanions.push(...companions.copied);
    const failures = [
      ...outcomes.flatMap(({ failure }) =>
        failure === undefined || isSpare(failure, context)
          ? []
          : { name: failure.object.source.name, error: failure.error },
      ),
      ...companions.failures,
    ];
    if (failures.length > 0) {
      throw incomplete(failures, { copied: copied.length, request });
    }
    await copyMarkers(plan.markers, request.target, context);
    const vanished = outcomes.flatMap((outcome) => outcome.vanished?.source.name ?? []);
    for (const snapshot of vanished) {
      context.log.warn(
        { snapshot },
        `${snapshot} was deleted from the source meanwhile; it and its deltas are left out`,
      );
    }
    // A source that deletes old backups also gets new ones.
    if (vanished.length === 0 || round === MOST_ROUNDS) {
      return {
        copied,
        present,
        vanished,
        orphans: plan.orphans.map(({ name }) => name),
        leftOut: plan.leftOut,
        ofLeftHistories: plan.ofLeftHistories,
        companions: {
          copied: copiedCompanions,
          present: companions.present - (copiedCompanions.length - companions.copied.length),
        },
      };
    }
  }
}

function reportHistories(
  { ofLeftHistories, isInDoubt, turnsBack }: BackupCopyPlan,
  target: SnapStore,
  { log }: RunContext,
): void {
  if (turnsBack !== undefined) {
    const { full, before } = turnsBack;
    log.error(
      { full: full.name, before: before.slice(0, 5).map(({ name }) => name), target: target.location },
      `THE TARGET HOLDS ANOTHER HISTORY: ${full.name} is younger than ${before.at(-1)?.name} there, but ends before it. A restore from ` +
        'the target compares both, and refuses where they differ; give each cluster a --store-prefix of its own',
    );
  }
  if (ofLeftHistories > 0) {
    log.info(
      { snapshots: ofLeftHistories },
      `Left out: ${countText(ofLeftHistories, 'snapshot')} of histories that were left`,
    );
  }
  if (isInDoubt) {
    log.warn(
      'The source may hold two histories that no marker separates (see verify); both are copied, whatever --max-backups says',
    );
  }
}

async function copyPlanned(
  plan: BackupCopyPlan,
  request: CopyRequest,
  context: RunContext,
): Promise<readonly ChainOutcome[]> {
  const pending = pendingObjects(plan);
  const bytes = pending.reduce((sum, { source }) => sum + source.size, 0);
  context.log.info(
    { objects: pending.length, bytes, from: request.source.location, to: request.target.location },
    `Copying ${pending.length} of ${countText(plan.chains.flat().length, 'snapshot')}`,
  );
  using bar = context.progress.start({ label: 'copy', unit: 'bytes', total: bytes });
  await using checks = new ContentCheckThread();
  using _marking = atomicMarking();
  const semaphore = new Semaphore(request.maxParallel);
  const onCopied = (count: number): void => bar.advance(count);
  const work = { semaphore, checks, onCopied, context };
  const { opening, markers, chains } = plan;
  if (opening === undefined) {
    return await Promise.all(chains.map((chain) => copyChain(chain, request, work)));
  }
  // Whichever full of the new history is there first, the target must know by then what was left.
  const announced = markers.map((marker) => ({ ...marker, first: opening.target.name }));
  await announceMarkers(announced, request.target, context);
  const opened = await copyChain([opening], request, work);
  context.signal.throwIfAborted();
  const isThere = opened.failure === undefined && opened.vanished === undefined;
  if (!isThere) {
    await announceMarkers(markers, request.target, context);
  }
  // One that could not be copied is tried again with its chain.
  const now = { ...opening, action: isThere ? 'present' : opening.action } as const;
  const rest = chains.map((chain) => chain.map((object) => (object === opening ? now : object)));
  const outcomes = await Promise.all(rest.map((chain) => copyChain(chain, request, work)));
  return isThere ? [opened, ...outcomes] : outcomes;
}

/** Whether what failed is a damaged object that its name alone keeps from being used: nothing needs it. */
function isSpare({ object, error }: NonNullable<ChainOutcome['failure']>, { log }: RunContext): boolean {
  const { name, ahead } = object.source;
  if (ahead?.isReached !== true || !(error instanceof Failure) || error.code !== 'snapshot_corrupt') {
    return false;
  }
  log.warn({ snapshot: name }, `${name}, named for a time that has not come yet, is left out: ${error.message}`);
  return true;
}

function incomplete(
  failures: readonly FailedObject[],
  run: { readonly copied: number; readonly request: CopyRequest },
): Failure {
  const [first] = failures;
  const unopened = first?.error instanceof Failure && first.error.code === 'no_identity' ? first.error : undefined;
  const { keys } = run.request;
  const opens = keys !== undefined && keys.recipients === undefined && keys.identities.count > 0;
  const reason = unopened?.foundText ?? (first?.error instanceof Error ? first.error.message : String(first?.error));
  const others = failures.length === 1 ? '' : ` (and ${failures.length - 1} more failed)`;
  return new Failure({
    code: 'copy_incomplete',
    action: 'copy all backups to',
    object: run.request.target.location,
    found: `${countText(run.copied, 'object')} copied, then ${first?.name} failed: ${reason}${others}`,
    remedy:
      unopened === undefined
        ? 'run the same command again to copy what is missing'
        : `${unopened.remedy}${opens ? '; without --identity it is copied as it is, unopened' : ''}`,
    cause: unopened === undefined ? first?.error : unopened.cause,
  });
}

function copierContext(context: RunContext): RunContext {
  return { ...context, log: context.log.child({ actor: 'copier' }) };
}
