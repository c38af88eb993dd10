import type { Revision } from '../revision.ts';
import type { DeltaEvent } from '../snapshot/delta-event.ts';
import type { EventSample } from '../snapshot/history/event-sample.ts';
import type { HistoryChange } from '../snapshot/history/history-marker.ts';
import { proofOf, type RevisionProof } from '../snapshot/history/revision-proof.ts';
import { SpreadSamples } from '../snapshot/history/spread-samples.ts';

/** Where a cluster is in its history. Within one history none of these numbers falls, and the id stays. */
export interface ClusterPosition {
  readonly clusterId: bigint;
  readonly revision: Revision;
  /** 0 where the answer does not say it. */
  readonly raftTerm: bigint;
  /** Undefined where the answer does not say it. */
  readonly raftIndex?: bigint;
}

/** Why a position does not continue what was seen. */
export interface HistoryContradiction {
  readonly change: HistoryChange;
  /** `it is at revision 3, and 7 was seen before`. */
  readonly found: string;
  /** Whether a member that lags can look like this, too. */
  readonly mayLag: boolean;
}

/** What was seen of one history of a cluster: what comes next has to continue it. */
export class ClusterHistory {
  #clusterId: bigint | undefined;
  #raftTerm = 0n;
  #raftIndex = 0n;
  #proof: RevisionProof | undefined;
  readonly #samples = new SpreadSamples();
  /** Events of the last revision, which are digested only when that is needed. */
  #latest: { readonly revision: Revision; readonly events: readonly DeltaEvent[] } | undefined;

  /** Undefined before anything was seen. */
  get clusterId(): bigint | undefined {
    return this.#clusterId;
  }

  /** The last revision whose events were seen. */
  get lastRevision(): Revision | undefined {
    return this.#latest?.revision ?? this.#proof?.revision;
  }

  /** What is known of the events of {@link lastRevision}. */
  get proof(): RevisionProof | undefined {
    if (this.#latest !== undefined) {
      this.#proof = proofOf(this.#latest.revision, this.#latest.events);
      this.#latest = undefined;
    }
    return this.#proof;
  }

  /** Some of the writes before that: the events of one revision may be the same in two histories by chance. */
  get samples(): readonly EventSample[] {
    return this.#samples.kept;
  }

  /** Notes some writes of the history, in place of those before. */
  sampled(samples: readonly EventSample[]): void {
    this.#samples.replace(samples);
  }

  /** Notes whole transactions that have arrived, in order. */
  received(events: readonly DeltaEvent[]): void {
    const revision = events.at(-1)?.modRevision;
    if (revision === undefined) {
      return;
    }
    this.#samples.received(events);
    const before = events.findLastIndex((event) => event.modRevision !== revision);
    this.#latest = { revision, events: before < 0 ? events : events.slice(before + 1) };
  }

  /** Notes the events of a revision that were read elsewhere, unless later ones were seen. */
  proved(proof: RevisionProof): void {
    if (proof.revision >= (this.lastRevision ?? 0)) {
      this.#latest = undefined;
      this.#proof = proof;
    }
  }

  /** Notes that etcd has no events of `upTo` and before any more: what is known of them can be compared with nothing. */
  cannotProve(upTo: Revision): void {
    if ((this.lastRevision ?? 0) <= upTo) {
      this.#latest = undefined;
      this.#proof = undefined;
    }
  }

  /** Notes where the cluster is. */
  at(position: ClusterPosition): void {
    this.#clusterId ??= position.clusterId;
    this.#raftTerm = max(this.#raftTerm, position.raftTerm);
    this.#raftIndex = max(this.#raftIndex, position.raftIndex ?? 0n);
  }

  /**
   * What a position that is asked for from now on has to fulfil: whether it contradicts what was seen; `reached` is the revision that must not
   * be undone. What is seen while the question is on its way does not count:
   * the answer may be older.
   */
  expectation(reached: number): (position: ClusterPosition) => HistoryContradiction | undefined {
    const before = { clusterId: this.#clusterId, raftTerm: this.#raftTerm, raftIndex: this.#raftIndex };
    return ({ clusterId, revision, raftTerm, raftIndex }) => {
      if (before.clusterId !== undefined && clusterId !== before.clusterId) {
        const found = `its cluster id is ${clusterIdText(clusterId)}, it was ${clusterIdText(before.clusterId)}`;
        return { change: 'other_cluster', found, mayLag: false };
      }
      const rolledBack = (found: string): HistoryContradiction => ({ change: 'rolled_back', found, mayLag: true });
      if (revision < reached) {
        return rolledBack(`it is at revision ${revision}, and ${reached} was seen before`);
      }
      if (raftTerm !== 0n && raftTerm < before.raftTerm) {
        return rolledBack(`it is in raft term ${raftTerm}, and ${before.raftTerm} was seen before`);
      }
      if (raftIndex !== undefined && raftIndex < before.raftIndex) {
        return rolledBack(`it is at raft index ${raftIndex}, and ${before.raftIndex} was seen before`);
      }
      return undefined;
    };
  }
}

/** A cluster id as etcd's own tools show it. */
export function clusterIdText(id: bigint): string {
  return id.toString(16);
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
