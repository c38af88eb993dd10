import { estimatedRestoreSeconds } from '../operations/snapshot/estimated-restore.ts';
import type { SnapshotterListener } from '../operations/snapshot/events.ts';
import { OutageAge } from '../operations/snapshot/outage-age.ts';
import { failureLabel, failureLabels } from './failure-label.ts';
import { outcomes, type SeriesFactory, succeeded } from './series-factory.ts';

/**
 * Makes the series that a snapshotter feeds, with the names and labels of the Go program, and gives the listener that turns
 * events into their values. Every series whose labels are known exists from the start. `now` gives ms since the epoch.
 */
export function createSnapshotterSeries(
  series: SeriesFactory,
  { now }: { readonly now: () => number },
): SnapshotterListener {
  const gc = series.counter(
    'snapshot_gc_total',
    'Objects that garbage collection deleted, or could not.',
    'kind',
    'succeeded',
  );
  const latestRevision = series.gauge('snapshot_latest_revision', 'Last revision of the newest snapshot.', 'kind');
  const latestTimestamp = series.gauge(
    'snapshot_latest_timestamp',
    'Creation of the newest snapshot, s since 1970.',
    'kind',
  );
  const required = series.gauge('snapshot_required', '1 while there are changes that no such snapshot holds.', 'kind');
  const snapshots = series.duration('snapshot', 'How long snapshots took.', 'kind');
  const failures = series.counter('snapshotter_failure', 'How often the snapshotter ended with this error.', 'error');
  const defragmentations = series.duration('defragmentation', 'How long defragmentations took.', 'endpoint');
  const deltas = series.gauge('snapstore_latest_deltas_total', 'Deltas above the newest full.');
  const deltaRevisions = series.gauge(
    'snapstore_latest_deltas_revisions_total',
    'Revisions in the deltas above the newest full.',
  );
  const spooledEvents = series.gauge('spooled_events', 'Events that wait in files for a slow store.');
  const spooledBytes = series.gauge('spooled_bytes', 'Bytes of events that wait in files for a slow store.');
  const outage = new OutageAge(now);
  series.computedGauge(
    'store_outage_seconds',
    'How long the store has failed; 0 while it works.',
    () => outage.seconds,
  );
  const active = series.gauge(
    'snapshotter_active',
    '1 while snapshots are taken here; of several members, by that of the leader.',
  );
  const otherWriters = series.counter(
    'other_writer_total',
    'How often deltas of another snapshotter appeared in the store.',
  );
  const restoreEstimate = series.gauge(
    'estimated_restore_seconds',
    'How long a restore of the newest backup may take.',
  );
  let newestSeconds: number | undefined;
  let chainBytes = 0;
  series.computedGauge('recovery_point_age_seconds', 'Age of the newest snapshot a restore would reach.', () =>
    newestSeconds === undefined ? 0 : Math.max(0, now() / 1_000 - newestSeconds),
  );

  for (const kind of ['Full', 'Incr', 'Chunk'] as const) {
    for (const outcome of outcomes) {
      gc.inc({ kind, succeeded: succeeded[outcome] }, 0);
      snapshots.zero({ kind, succeeded: succeeded[outcome] });
    }
    latestRevision.set({ kind }, 0);
    latestTimestamp.set({ kind }, 0);
    required.set({ kind }, 0);
  }
  // The Go program shows these without a value until they have one.
  for (const outcome of outcomes) {
    defragmentations.zero({ endpoint: '', succeeded: succeeded[outcome] });
  }
  for (const error of ['', ...failureLabels]) {
    failures.inc({ error }, 0);
  }

  /** All is stored when a run begins; a sidecar that takes no snapshots any more does not know what others have stored. */
  const noneRequired = (): void => {
    required.set({ kind: 'Full' }, 0);
    required.set({ kind: 'Incr' }, 0);
  };

  return (event) => {
    outage.take(event);
    switch (event.type) {
      case 'stored': {
        const { kind, lastRevision, createdOn, size } = event.snapshot;
        const { full, deltas: beyond } = event.chain;
        latestRevision.set({ kind }, lastRevision);
        latestTimestamp.set({ kind }, createdOn);
        // A clock that was ahead has written times of the future: until then the age would stay 0, whatever happens.
        newestSeconds = Math.min(createdOn, now() / 1_000);
        chainBytes = kind === 'Full' ? size : chainBytes + size;
        restoreEstimate.set(estimatedRestoreSeconds(chainBytes));
        deltas.set(beyond.length);
        deltaRevisions.set((beyond.at(-1)?.lastRevision ?? 0) - (beyond.length === 0 ? 0 : (full?.lastRevision ?? 0)));
        break;
      }
      case 'snapshot taken':
        snapshots.observe({ kind: event.kind, succeeded: 'true' }, event.seconds);
        break;
      case 'snapshot failed':
        snapshots.observe({ kind: event.kind, succeeded: 'false' }, event.seconds);
        break;
      case 'required':
        required.set({ kind: event.kind }, event.required ? 1 : 0);
        break;
      case 'spooled':
        spooledEvents.set(event.events);
        spooledBytes.set(event.bytes);
        break;
      case 'concurrent writer':
        otherWriters.inc();
        break;
      case 'garbage': {
        const { kind, chunk } = event.snapshot;
        gc.inc({ kind: chunk === undefined ? kind : 'Chunk', succeeded: String(event.outcome === 'deleted') });
        break;
      }
      case 'defragmented':
        defragmentations.observe({ endpoint: event.endpoint, succeeded: succeeded[event.outcome] }, event.seconds);
        break;
      case 'ended':
        active.set(0);
        if (event.outcome === 'failed') {
          failures.inc({ error: failureLabel(event.code) });
        } else {
          noneRequired();
        }
        break;
      case 'begun':
        active.set(1);
        noneRequired();
        break;
      case 'outage begun':
      case 'outage goes on':
      case 'outage ended':
      case 'next run':
      case 'deltas up to date':
        break;
      default:
        event satisfies never;
    }
  };
}
