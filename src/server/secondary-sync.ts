import { type CopyRequest, type CopyResult, copyBackups } from '../operations/copy/copy.ts';
import { StayingObjects } from '../operations/prune/deletions.ts';
import { NOTHING_STORED, removeMarkers } from '../operations/prune/outdated-markers.ts';
import { carryOut, planFor, type RetentionRules } from '../operations/prune/prune.ts';
import { runTaskGroup } from '../runtime/async/task-group.ts';
import { errorText } from '../runtime/log/error-text.ts';
import type { RunContext } from '../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot, StoreListing } from '../snapstore/snapstore.ts';

/** Objects on their way at once. */
const parallelCopies = 10;

/** How the second copy of a backup is kept. */
export interface SecondarySyncRequest {
  readonly primary: SnapStore;
  readonly secondary: SnapStore;
  /** Pause between two passes, ms. */
  readonly periodMs: number;
  /** What the secondary store keeps, and the pause between two collections there, ms; undefined when nothing is deleted. */
  readonly garbageCollection: { readonly rules: RetentionRules; readonly periodMs: number } | undefined;
  readonly listener: (event: SecondarySyncEvent) => void;
}

/** News of the second copy. Times are in ms since the epoch. */
export type SecondarySyncEvent =
  /** At this time the secondary store held everything that the primary had when the pass began. */
  | { readonly type: 'synced'; readonly upTo: number; readonly copied: number }
  | { readonly type: 'sync failed'; readonly error: unknown };

/**
 * Brings the secondary store up to date at once and then after each period, and collects garbage there, until the context's signal
 * aborts. What the rules would delete there at once is not copied. A failure is logged and does not end it.
 */
export async function keepSecondary(request: SecondarySyncRequest, outer: RunContext): Promise<void> {
  const context: RunContext = { ...outer, log: outer.log.child({ actor: 'secondary' }) };
  const seen: Seen = { proved: new Set(), primaryMarkers: undefined };
  await runTaskGroup(
    [
      (signal) => syncAgainAndAgain(request, { seen, context: { ...context, signal } }),
      (signal) => collectAgainAndAgain(request, { seen, context: { ...context, signal } }),
    ],
    context.signal,
  );
}

/** What the copying has seen, for the collection. */
interface Seen {
  /** Names of fulls that were read here to their ends. */
  readonly proved: Set<string>;
  /** Names of the markers in the primary store; undefined before its first listing. */
  primaryMarkers: ReadonlySet<string> | undefined;
}

async function syncAgainAndAgain(
  request: SecondarySyncRequest,
  { seen, context }: { readonly seen: Seen; readonly context: RunContext },
): Promise<void> {
  const { primary, secondary, periodMs, garbageCollection, listener } = request;
  const { clock, log, signal } = context;
  const unwanted = (listing: StoreListing): ReadonlySet<StoredSnapshot> =>
    garbageCollection === undefined
      ? new Set()
      : doomed(listing, { store: secondary, rules: garbageCollection.rules, now: clock.now() });
  for (;;) {
    const upTo = clock.now();
    try {
      const { snapshots, markers } = await primary.list({ signal });
      seen.primaryMarkers = new Set(markers.map(({ name }) => name));
      // Nothing to copy is no mistake here: the first full may still be on its way.
      const copied = snapshots.length === 0 ? [] : await copyAll(request, unwanted, context);
      for (const { target } of copied.filter(({ target: { kind } }) => kind === 'Full')) {
        seen.proved.add(target.name);
      }
      listener({ type: 'synced', upTo, copied: copied.length });
    } catch (error) {
      signal.throwIfAborted();
      log.warn(
        { error },
        `The secondary store ${secondary.location} is not up to date, trying again later: ${errorText(error)}`,
      );
      listener({ type: 'sync failed', error });
    }
    await clock.sleep(periodMs, signal);
  }
}

async function collectAgainAndAgain(
  request: SecondarySyncRequest,
  { seen, context }: { readonly seen: Readonly<Seen>; readonly context: RunContext },
): Promise<void> {
  const { secondary, garbageCollection } = request;
  if (garbageCollection === undefined) {
    return;
  }
  const { clock, log, signal } = context;
  const { rules, periodMs } = garbageCollection;
  const staying = new StayingObjects(clock);
  const stayingMarkers = new Set<string>();
  for (;;) {
    await clock.sleep(periodMs, signal);
    try {
      const listing = await secondary.list({ signal });
      staying.keepOnly(listing.snapshots);
      const evidence = { proved: seen.proved };
      const plan = planFor(listing, { store: secondary, rules, evidence, now: clock.now() });
      const results = await carryOut(plan.decisions, { store: secondary, staying }, { signal, log });
      const { primaryMarkers } = seen;
      if (primaryMarkers !== undefined) {
        // What is in the primary store would be copied again.
        const outdated = plan.outdatedDoubts.filter(({ name }) => !primaryMarkers.has(name));
        await removeMarkers(
          outdated,
          { store: secondary, why: NOTHING_STORED, staying: stayingMarkers },
          { signal, log },
        );
      }
      const deleted = results.filter(({ outcome }) => outcome === 'deleted').length;
      if (deleted > 0) {
        log.info(`GC: Total number garbage collected snapshots: ${deleted}`);
      }
    } catch (error) {
      signal.throwIfAborted();
      log.warn(
        { error },
        `GC: cannot collect garbage in ${secondary.location} now, trying again later: ${errorText(error)}`,
      );
    }
  }
}

async function copyAll(
  { primary, secondary }: SecondarySyncRequest,
  unwanted: (listing: StoreListing) => ReadonlySet<StoredSnapshot>,
  context: RunContext,
): Promise<CopyResult['copied']> {
  const request: CopyRequest = {
    source: primary,
    target: secondary,
    maxBackups: undefined,
    maxBackupAgeDays: undefined,
    maxParallel: parallelCopies,
    order: 'oldest first',
    unwanted,
  };
  return (await copyBackups(request, context)).copied;
}

/** What the rules would delete if this were the listing of the store. */
function doomed(
  listing: StoreListing,
  { store, rules, now }: { readonly store: SnapStore; readonly rules: RetentionRules; readonly now: number },
): ReadonlySet<StoredSnapshot> {
  const { decisions } = planFor(listing, { store, rules, evidence: { proved: new Set() }, now });
  return new Set(decisions.filter(({ action }) => action === 'delete').map(({ snapshot }) => snapshot));
}
