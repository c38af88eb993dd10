import type { AbandonedUploads } from '../../operations/prune/abandoned-uploads.ts';
import { type Decision, describeReason, type PrunedObject } from '../../operations/prune/prune.ts';
import { countText, formatBytes } from '../../runtime/log/amount.ts';
import { errorText } from '../../runtime/log/error-text.ts';
import type { DoubtMarker } from '../../snapshot/history/history-marker.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import { type Report, tableLines } from './report.ts';
import { snapshotData, timeText } from './snapshot-format.ts';

/** A decision, with its outcome after it was carried out. */
type Decided = Decision<StoredSnapshot> | PrunedObject;

/** What is shown in addition to the decisions. */
export interface PruneStyle {
  /** Where the store is. */
  readonly location: string;
  /** Now, ms since the epoch; ages are counted from it. */
  readonly now: number;
  /** The full that others would be deleted for, and that was not read. */
  readonly unread: StoredSnapshot | undefined;
  /** What uploads of killed runs have left. */
  readonly uploads: AbandonedUploads;
  /** How many of them were removed; left out when nothing was to be. */
  readonly removedUploads?: number;
  /** Markers of doubt about what is not stored any more. */
  readonly outdatedDoubts: readonly DoubtMarker[];
  /** How many of them were deleted; left out when none was to be. */
  readonly removedMarkers?: number;
}

/** A plan of garbage collection, carried out or not, as a table and as data. */
export function pruneReport(plan: readonly Decided[], style: PruneStyle): Report {
  const { location, now, unread, uploads, removedUploads, outdatedDoubts, removedMarkers } = style;
  const remark =
    unread === undefined ? [] : [`${unread.name} was not read; with --yes it is, before anything is deleted for it.`];
  return {
    table: [...planTable(plan), ...summary(plan, location), ...markerLines(style), ...uploadLines(style), ...remark],
    data: {
      location,
      carriedOut: plan.some((each) => 'outcome' in each),
      unread: unread?.name ?? null,
      abandonedUploads: uploads.known
        ? uploads.uploads.map(({ what, begunAt }) => ({ what, begunAt: new Date(begunAt).toISOString() }))
        : null,
      ...(removedUploads === undefined ? {} : { removedUploads }),
      outdatedMarkers: outdatedDoubts.map(({ name, begunOn }) => ({
        name,
        begunOn: new Date(begunOn * 1_000).toISOString(),
      })),
      ...(removedMarkers === undefined ? {} : { removedMarkers }),
      objects: plan.map((decided) => ({
        action: decided.action,
        reason: decided.reason,
        why: describeReason(decided.reason),
        history: decided.history,
        ...(decided.leftOn === undefined ? {} : { leftOn: new Date(decided.leftOn * 1_000).toISOString() }),
        ...('outcome' in decided ? { outcome: decided.outcome } : {}),
        ...('error' in decided ? { error: errorText(decided.error) } : {}),
        ...snapshotData(decided.snapshot, now),
        ...(decided.snapshot.chunk === undefined ? {} : { part: decided.snapshot.chunk }),
      })),
    },
  };
}

/** The objects in chain order, each run of the same decision and reason under one heading. */
function planTable(plan: readonly Decided[]): readonly string[] {
  const rows = tableLines(
    [
      { title: '', align: 'left' },
      { title: '', align: 'left' },
      { title: '', align: 'right' },
      { title: '', align: 'left' },
    ],
    plan.map(({ snapshot, ...decided }) => [
      `  ${snapshot.name}${snapshot.chunk === undefined ? '' : ` part ${snapshot.chunk}`}`,
      timeText(snapshot.createdOn * 1_000),
      formatBytes(snapshot.size),
      'outcome' in decided && decided.action === 'delete' && decided.outcome !== 'deleted' ? decided.outcome : '',
    ]),
  ).slice(1);
  let last = '';
  return plan.flatMap(({ action, reason, history, leftOn }, at) => {
    const when = leftOn === undefined ? '' : ` (history ${history}, left ${timeText(leftOn * 1_000)})`;
    const heading = `${action}: ${describeReason(reason)}${when}`;
    const lines = heading === last ? [] : [heading];
    last = heading;
    return [...lines, rows[at] ?? ''];
  });
}

function summary(plan: readonly Decided[], location: string): readonly string[] {
  const going = plan.filter(({ action }) => action === 'delete');
  if (going.length === 0) {
    return [`${location}: nothing to delete among ${countText(plan.length, 'object')}`];
  }
  const amount = (some: readonly Decided[]): string =>
    `${some.length} of ${countText(plan.length, 'object')}, ${formatBytes(some.reduce((sum, each) => sum + each.snapshot.size, 0))}`;
  const gone = going.filter((each) => 'outcome' in each && each.outcome === 'deleted');
  return going.some((each) => 'outcome' in each)
    ? [
        `${location}: deleted ${amount(gone)}${gone.length < going.length ? `; ${going.length - gone.length} could not be deleted` : ''}`,
      ]
    : [`${location}: would delete ${amount(going)}`, 'Nothing was deleted; --yes does it.'];
}

/** Markers of doubt are shown where they go. */
function markerLines({ outdatedDoubts, removedMarkers, location }: PruneStyle): readonly string[] {
  if (outdatedDoubts.length === 0) {
    return [];
  }
  const count = countText(outdatedDoubts.length, 'marker');
  const did =
    removedMarkers === undefined
      ? `would delete ${count} of a doubt about what is not stored any more; --yes does it`
      : `deleted ${removedMarkers} of ${count} of a doubt about what is not stored any more`;
  const all = outdatedDoubts.map(({ name, begunOn }) => `  ${name}, of ${timeText(begunOn * 1_000)}`);
  return [`${location}: ${did}`, ...all];
}

/** Uploads of killed runs are shown when there are any; of what is not known only the data say so. */
function uploadLines({ uploads, removedUploads, location }: PruneStyle): readonly string[] {
  if (!uploads.known || uploads.uploads.length === 0) {
    return [];
  }
  const all = uploads.uploads.map(({ what, begunAt }) => `  ${what}, begun ${timeText(begunAt)}`);
  const count = countText(uploads.uploads.length, 'leftover');
  const did =
    removedUploads === undefined
      ? `would remove ${count} of killed runs; --yes does it`
      : `removed ${removedUploads} of ${count} of killed runs`;
  return [`${location}: ${did}`, ...all];
}
