import { collectDefaultMetrics, Registry } from 'prom-client';
import type { SnapshotterListener } from '../operations/snapshot/events.ts';
import { createSecondarySeries, type SecondarySyncNews } from './secondary-series.ts';
import { outcomes, SeriesFactory, succeeded, type Timed } from './series-factory.ts';
import { createSnapshotterSeries } from './snapshotter-series.ts';
import { createVerificationSeries, type UnverifiedNews, type VerificationNews } from './verification-series.ts';

/** All metrics of the program, as a server gives them to Prometheus. */
export interface PrometheusMetrics {
  /** The type of {@link text}. */
  readonly contentType: string;
  /** Every series in the text form of Prometheus. */
  text(): Promise<string>;
  /** How often something below was told. Series of the process, of the network and of ages change without. */
  readonly changes: number;
  /** The listener to the events of a snapshotter. */
  readonly listener: SnapshotterListener;
  validated(result: Timed): void;
  restored(result: Timed & { readonly kind: 'single_node' | 'single_member' }): void;
  learnerAdded(result: Timed): void;
  memberRemoved(result: Timed): void;
  memberPromoted(result: Timed): void;
  /** How many members the cluster has, and whether ours is a learner. */
  cluster(state: { readonly size: number; readonly role: 'learner' | 'voter' }): void;
  /** The listener to the news of the second copy. */
  secondary(event: SecondarySyncNews): void;
  /**
   * The backup was verified: what of it can be restored, and whether nothing is wrong; times in ms since the epoch. Or no identity
   * opens it, or it is no longer ours to verify.
   */
  verification(news: VerificationNews | UnverifiedNews): void;
}

/** How often the lag of the event loop is sampled, ms: the usual 10 ms are a third of what an idle server costs. */
const eventLoopMonitoringPrecision = 500;

/** What a machine has sent and received over its network, bytes. */
export interface NetworkCounters {
  readonly transmitted: number;
  readonly received: number;
}

/**
 * Metrics with the names and labels of the Go program; every series whose labels are known exists from the start.
 * `now` gives ms since the epoch, `network` what was sent and received so far; undefined where nothing counts that.
 */
export function createPrometheusMetrics({
  now,
  network = () => undefined,
}: {
  readonly now: () => number;
  readonly network?: () => NetworkCounters | undefined;
}): PrometheusMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision });
  const series = new SeriesFactory(registry);
  const restorations = series.duration('restoration', 'How long restores took.', 'restore');
  const clusterSize = series.gauge('cluster_size', 'Members of the etcd cluster.');
  const isLearner = series.gauge('is_learner', '1 while our etcd member is a learner.');
  const additions = series.simpleDuration('add_learner', 'How long adding our member as a learner took.');
  const learnerCount = series.counter('is_learner_count_total', 'How often our member became a learner.', 'succeeded');
  series.computedCounter(
    'network_transmitted_bytes',
    'Bytes sent over all network interfaces.',
    () => network()?.transmitted ?? 0,
  );
  series.computedCounter(
    'network_received_bytes',
    'Bytes received over all network interfaces.',
    () => network()?.received ?? 0,
  );
  for (const outcome of outcomes) {
    learnerCount.inc({ succeeded: succeeded[outcome] }, 0);
    for (const restore of ['single_node', 'single_member']) {
      restorations.zero({ restore, succeeded: succeeded[outcome] });
    }
  }
  let changes = 0;
  const counted =
    <News>(take: (news: News) => void) =>
    (news: News): void => {
      changes += 1;
      take(news);
    };
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    get changes() {
      return changes;
    },
    listener: counted(createSnapshotterSeries(series, { now })),
    validated: counted(series.simpleDuration('validation', 'How long validations of the data directory took.')),
    restored: counted(({ kind, seconds, outcome }) =>
      restorations.observe({ restore: kind, succeeded: succeeded[outcome] }, seconds),
    ),
    learnerAdded: counted((result) => {
      additions(result);
      learnerCount.inc({ succeeded: succeeded[result.outcome] });
    }),
    memberRemoved: counted(series.simpleDuration('member_remove', 'How long removing a member took.')),
    memberPromoted: counted(series.simpleDuration('member_promote', 'How long promoting our member took.')),
    cluster: counted(({ size, role }) => {
      clusterSize.set(size);
      isLearner.set(role === 'learner' ? 1 : 0);
    }),
    secondary: counted(createSecondarySeries(series, { now })),
    verification: counted(createVerificationSeries(series)),
  };
}
