import type { EtcdCluster } from '../../../etcd/cluster.ts';
import type { Revision } from '../../../revision.ts';
import { Failure } from '../../../runtime/failure.ts';
import type { RunContext } from '../../../runtime/run-context.ts';

/** How long an etcd whose revision is below what is needed may take to catch up, as after a restart, and how often it is asked, ms. */
const catchUpMs = 120_000;
const catchUpPauseMs = 1_000;

/** What has to be caught up with. */
export interface CatchUp {
  readonly cluster: EtcdCluster;
  /** The backup reaches up to here. */
  readonly stored: Revision;
  /** A quorum had accepted all up to here before; 0 when that is not known. */
  readonly accepted: Revision;
}

/**
 * A member that was just restarted, or lags, answers before it has applied all of its log: its database would lack what is stored, or what
 * etcd has acknowledged to clients. Waits until some member has it, and throws a Failure `snapshot_behind` when none does in time.
 */
export async function untilCaughtUp(
  catchUp: CatchUp,
  { signal, clock, log }: Pick<RunContext, 'signal' | 'clock' | 'log'>,
): Promise<void> {
  const reaching = neededOf(catchUp);
  const startedAt = clock.monotonic();
  for (let asked = 1; ; asked++) {
    const { revision } = await catchUp.cluster.status({ signal, reaching });
    if (revision >= reaching) {
      return;
    }
    if (clock.monotonic() - startedAt >= catchUpMs) {
      throw laggingFailure(catchUp, revision);
    }
    if (asked === 1) {
      log.warn(`etcd is at revision ${revision}, ${furthest(catchUp)} at ${reaching}: waiting for it to catch up`);
    }
    await clock.sleep(catchUpPauseMs, signal);
  }
}

/** What a full must reach. */
export function neededOf({ stored, accepted }: Omit<CatchUp, 'cluster'>): Revision {
  return stored > accepted ? stored : accepted;
}

/** The failure of a full whose database ends below what is needed. */
export function laggingFailure(catchUp: CatchUp, lastRevision: Revision): Failure {
  const { cluster, stored, accepted } = catchUp;
  return new Failure({
    code: 'snapshot_behind',
    action: 'take a full snapshot of',
    object: cluster.location,
    found:
      stored >= accepted
        ? `its database ends at revision ${lastRevision}, but the backup already reaches ${stored}`
        : `its database ends at revision ${lastRevision}, but a quorum of its members has already accepted ${accepted}`,
    remedy: 'look at the members: the one that was read lags, or there is no quorum',
  });
}

/** The member, or the quorum, that is as far as that, for messages. */
export function furthest({ stored, accepted }: CatchUp): string {
  return stored >= accepted ? 'the backup' : 'a quorum of its members';
}

/** The lower of two revisions that a quorum had accepted; where one is 0, no quorum had told, and the other one holds. */
export function leastAccepted(one: Revision, other: Revision): Revision {
  if (one === 0 || other === 0) {
    return one === 0 ? other : one;
  }
  return one < other ? one : other;
}
