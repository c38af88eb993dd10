import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { BackupMetrics, Outcome } from './backup-metrics.ts';
import { failureLabel, failureLabels } from './failure-label.ts';

/** All metrics of the program, as a server gives them to Prometheus. */
export interface PrometheusMetrics extends BackupMetrics {
  /** The type of {@link text}. */
  readonly contentType: string;
  /** Every series in the text form of Prometheus. */
  text(): Promise<string>;
  validated(result: { readonly seconds: number; readonly outcome: Outcome }): void;
  restored(result: {
    readonly kind: 'single_node' | 'single_member';
    readonly seconds: number;
    readonly outcome: Outcome;
  }): void;
  learnerAdded(result: { readonly seconds: number; readonly outcome: Outcome }): void;
  memberRemoved(result: { readonly seconds: number; readonly outcome: Outcome }): void;
  memberPromoted(result: { readonly seconds: number; readonly outcome: Outcome }): void;
  /** How many members the cluster has, and whether ours is a learner. */
  cluster(state: { readonly size: number; readonly role: 'learner' | 'voter' }): void;
  /** Bytes sent to and received from the store. */
  network(bytes: { readonly transmitted: number; readonly received: number }): void;
}

const namespace = 'etcdbr_';
const durationBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000];
const succeeded = { succeeded: 'true', failed: 'false' } as const;
const outcomes: readonly Outcome[] = ['succeeded', 'failed'];
/** Stored bytes that a restore gets through in a second on a modest machine. */
const restoreBytesPerSecond = 25_000_000;

/**
 * Metrics with the names and labels of the Go program; every series whose labels are known exists from the start.
 * `now` gives ms since the epoch.
 */
export function createPrometheusMetrics({ now }: { readonly now: () => number }): PrometheusMetrics {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, ...labelNames: string[]): Gauge =>
    new Gauge({ name: namespace + name, help, labelNames, registers });
  const counter = (name: string, help: string, ...labelNames: string[]): Counter =>
    new Counter({ name: namespace + name, help, labelNames, registers });
  const duration = (name: string, help: string, ...labelNames: string[]): Histogram =>
    new Histogram({
      name: `${namespace}${name}_duration_seconds`,
      help,
      labelNames: [...labelNames, 'succeeded'],
      buckets: durationBuckets,
      registers,
    });
  const simpleDuration = (name: string, help: string): ((result: Timed) => void) => {
    const histogram = duration(name, help);
    for (const outcome of outcomes) {
      histogram.zero({ succeeded: succeeded[outcome] });
    }
    return ({ seconds, outcome }) => histogram.observe({ succeeded: succeeded[outcome] }, seconds);
  };

  const gc = counter(
    'snapshot_gc_total',
    'Objects that garbage collection deleted, or could not.',
    'kind',
    'succeeded',
  );
  const latestRevision = gauge('snapshot_latest_revision', 'Last revision of the newest snapshot.', 'kind');
  const latestTimestamp = gauge('snapshot_latest_timestamp', 'Creation of the newest snapshot, s since 1970.', 'kind');
  const required = gauge('snapshot_required', '1 while there are changes that no such snapshot holds.', 'kind');
  const snapshots = duration('snapshot', 'How long snapshots took.', 'kind');
  const failures = gauge('snapshotter_failure', 'How often the snapshotter ended with this error.', 'error');
  const restorations = duration('restoration', 'How long restores took.', 'restore');
  const defragmentations = duration('defragmentation', 'How long defragmentations took.', 'endpoint');
  const deltas = gauge('snapstore_latest_deltas_total', 'Deltas above the newest full.');
  const deltaRevisions = gauge(
    'snapstore_latest_deltas_revisions_total',
    'Revisions in the deltas above the newest full.',
  );
  const clusterSize = gauge('cluster_size', 'Members of the etcd cluster.');
  const isLearner = gauge('is_learner', '1 while our etcd member is a learner.');
  const additions = simpleDuration('add_learner', 'How long adding our member as a learner took.');
  const learnerCount = counter('is_learner_count_total', 'How often our member became a learner.', 'succeeded');
  const transmitted = counter('network_transmitted_bytes', 'Bytes sent to the store.');
  const received = counter('network_received_bytes', 'Bytes received from the store.');
  const spooledEvents = gauge('spooled_events', 'Events that wait in files for a slow store.');
  const spooledBytes = gauge('spooled_bytes', 'Bytes of events that wait in files for a slow store.');
  const outage = gauge('store_outage_seconds', 'How long the store has failed; 0 while it works.');
  const otherWriters = counter(
    'concurrent_writer_total',
    'How often deltas of another snapshotter appeared in the store.',
  );

  let newestSeconds: number | undefined;
  let chainBytes = 0;
  new Gauge({
    name: `${namespace}restorable_age_seconds`,
    help: 'Age of the newest snapshot a restore would reach.',
    registers,
    collect() {
      this.set(newestSeconds === undefined ? 0 : Math.max(0, now() / 1_000 - newestSeconds));
    },
  });
  const restoreEstimate = gauge('restore_estimated_seconds', 'How long a restore of the newest backup may take.');

  for (const kind of ['Full', 'Incr', 'Chunk'] as const) {
    for (const outcome of outcomes) {
      gc.inc({ kind, succeeded: succeeded[outcome] }, 0);
    }
  }
  for (const kind of ['Full', 'Incr'] as const) {
    latestRevision.set({ kind }, 0);
    latestTimestamp.set({ kind }, 0);
    required.set({ kind }, 0);
    for (const outcome of outcomes) {
      snapshots.zero({ kind, succeeded: succeeded[outcome] });
    }
  }
  for (const outcome of outcomes) {
    learnerCount.inc({ succeeded: succeeded[outcome] }, 0);
    for (const restore of ['single_node', 'single_member']) {
      restorations.zero({ restore, succeeded: succeeded[outcome] });
    }
  }
  for (const error of failureLabels) {
    failures.set({ error }, 0);
  }

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    snapshotTaken: ({ kind, seconds, outcome }) => snapshots.observe({ kind, succeeded: succeeded[outcome] }, seconds),
    latestSnapshot({ kind, revision, createdOn, size }) {
      latestRevision.set({ kind }, revision);
      latestTimestamp.set({ kind }, createdOn);
      newestSeconds = Math.max(newestSeconds ?? 0, createdOn);
      chainBytes = kind === 'Full' ? size : chainBytes + size;
      restoreEstimate.set(1 + chainBytes / restoreBytesPerSecond);
    },
    snapshotRequired: (kind, state) => required.set({ kind }, state === 'required' ? 1 : 0),
    chainLength(chain) {
      deltas.set(chain.deltas);
      deltaRevisions.set(chain.revisions);
    },
    collected: (kind, outcome) => gc.inc({ kind, succeeded: succeeded[outcome] }),
    snapshotterFailed: (code) => failures.inc({ error: failureLabel(code) }),
    spooled(waiting) {
      spooledEvents.set(waiting.events);
      spooledBytes.set(waiting.bytes);
    },
    storeOutage: (seconds) => outage.set(seconds),
    defragmented: ({ endpoint, seconds, outcome }) =>
      defragmentations.observe({ endpoint, succeeded: succeeded[outcome] }, seconds),
    otherWriterSeen: () => otherWriters.inc(),
    validated: simpleDuration('validation', 'How long validations of the data directory took.'),
    restored: ({ kind, seconds, outcome }) =>
      restorations.observe({ restore: kind, succeeded: succeeded[outcome] }, seconds),
    learnerAdded(result) {
      additions(result);
      learnerCount.inc({ succeeded: succeeded[result.outcome] });
    },
    memberRemoved: simpleDuration('member_remove', 'How long removing a member took.'),
    memberPromoted: simpleDuration('member_promote', 'How long promoting our member took.'),
    cluster({ size, role }) {
      clusterSize.set(size);
      isLearner.set(role === 'learner' ? 1 : 0);
    },
    network(bytes) {
      transmitted.inc(bytes.transmitted);
      received.inc(bytes.received);
    },
  };
}

interface Timed {
  readonly seconds: number;
  readonly outcome: Outcome;
}
