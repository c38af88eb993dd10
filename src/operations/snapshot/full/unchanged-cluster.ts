import type { EtcdCluster, MemberStatus } from '../../../etcd/cluster.ts';
import type { Revision } from '../../../revision.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { HistoryGuard } from '../history/history-guard.ts';
import { isPassing } from './passing-failure.ts';

/** Knows whether a cluster has changed since its last full: where it has not, another full would be the same. */
export class UnchangedCluster {
  readonly #cluster: EtcdCluster;
  readonly #guard: HistoryGuard;
  /** Where etcd was before the last full was taken. */
  #takenAt: string | undefined;

  constructor({ cluster, guard }: { readonly cluster: EtcdCluster; readonly guard: HistoryGuard }) {
    this.#cluster = cluster;
    this.#guard = guard;
  }

  /** A full with all up to `lastRevision` was stored; the cluster was at `position` before it was begun. */
  stored(position: MemberStatus, lastRevision: Revision): void {
    // The member that was read may lack what another one showed: the next full must not be left out.
    this.#takenAt = lastRevision < position.revision ? undefined : stateOf(position);
  }

  /** Whether nothing has changed since the last full: also not where a quorum is further than the member that shows it. */
  async isUnchanged(context: RunContext): Promise<boolean> {
    const guard = this.#guard;
    try {
      await guard.askQuorum(context);
      const status = await this.#cluster.status({ signal: context.signal, reaching: guard.accepted });
      return status.revision >= guard.accepted && stateOf(status) === this.#takenAt;
    } catch (error) {
      if (!isPassing(error)) {
        throw error;
      }
      return false;
    }
  }
}

/** Everything that moves with a change: the raft index alone may be the same in another cluster. */
function stateOf({ clusterId, raftTerm, raftIndex, revision }: MemberStatus): string {
  return [clusterId, raftTerm, raftIndex, revision].join(' ');
}
