import type { EtcdCluster } from '../../../etcd/cluster.ts';
import type { Revision } from '../../../revision.ts';
import { Failure } from '../../../runtime/failure.ts';
import type { RunContext } from '../../../runtime/run-context.ts';

/** How long an etcd whose revision is below the chain's may take to catch up, as after a restart, and how often it is asked, ms. */
const catchUpMs = 120_000;
const catchUpPauseMs = 1_000;

/** What has to be caught up with. */
interface CatchUp {
  readonly cluster: EtcdCluster;
  /** The backup reaches up to here. */
  readonly covered: Revision;
}

/**
 * A member that was just restarted answers before it has applied all of its log: its database would be of no use. Waits, and
 * throws a Failure `snapshot_behind` when it does not catch up.
 */
export async function untilCaughtUp(
  { cluster, covered }: CatchUp,
  { signal, clock, log }: Pick<RunContext, 'signal' | 'clock' | 'log'>,
): Promise<void> {
  const startedAt = clock.monotonic();
  for (let asked = 1; ; asked++) {
    const { revision } = await cluster.status({ signal });
    if (revision >= covered) {
      return;
    }
    if (clock.monotonic() - startedAt >= catchUpMs) {
      throw laggingFailure({ cluster, covered }, revision);
    }
    if (asked === 1) {
      log.warn(`etcd is at revision ${revision}, the backup at ${covered}: waiting for it to catch up`);
    }
    await clock.sleep(catchUpPauseMs, signal);
  }
}

/** The failure of a full whose database ends below what is stored. */
export function laggingFailure({ cluster, covered }: CatchUp, lastRevision: Revision): Failure {
  return new Failure({
    code: 'snapshot_behind',
    action: 'take a full snapshot of',
    object: cluster.location,
    found: `its database ends at revision ${lastRevision}, but the backup already reaches ${covered}`,
    remedy: 'look at the members: the one that was read lags, or there is no quorum',
  });
}
