import type { Revision } from '../revision.ts';
import { Failure, type FailureParts } from '../runtime/failure.ts';
import type { FailureCode } from '../runtime/failure-code.ts';
import type { HistoryChange } from '../snapshot/history/history-marker.ts';

/** Why a cluster could not be used; `etcd_unreachable` and `etcd_timeout` are worth another try. */
export type EtcdFailureCode = Exclude<Extract<FailureCode, `etcd_${string}`>, 'etcd_corrupt'>;

/** A failure of the live cluster or of the way to it. */
export class EtcdFailure extends Failure {
  declare readonly code: EtcdFailureCode;
  readonly #ofTheMember: boolean;

  /** `ofTheMember`: the answer does not come from an etcd, or says nothing about the cluster, whatever the code says otherwise. */
  constructor(parts: FailureParts & { readonly code: EtcdFailureCode; readonly ofTheMember?: boolean }) {
    super(parts);
    this.#ofTheMember = parts.ofTheMember ?? false;
  }

  /** True when the same request may well succeed a moment later or at another member. */
  get isTransient(): boolean {
    return this.code === 'etcd_unreachable' || this.code === 'etcd_timeout';
  }

  /** True when the answer is the cluster's: every other member would give the same. */
  get isOfTheCluster(): boolean {
    if (this.#ofTheMember) {
      return false;
    }
    switch (this.code) {
      case 'etcd_auth':
      case 'etcd_refused':
      case 'etcd_no_space':
      case 'etcd_request_too_large':
      case 'etcd_member_exists':
      case 'etcd_member_not_found':
      case 'etcd_too_many_learners':
      case 'etcd_learner_not_ready':
      case 'etcd_not_a_learner':
        return true;
      case 'etcd_unreachable':
      case 'etcd_timeout':
      case 'etcd_tls':
      case 'etcd_options':
      case 'etcd_compacted':
      case 'etcd_transaction_too_large':
      case 'etcd_snapshot_incomplete':
      case 'etcd_history_gap':
      case 'etcd_history_changed':
      case 'etcd_learner_refuses':
        return false;
      default:
        return this.code satisfies never;
    }
  }
}

/** The watch cannot go on from where it was: those revisions are compacted away. A full snapshot is the way forward. */
export class CompactedFailure extends EtcdFailure {
  /** The oldest revision that still exists. */
  readonly compactRevision: Revision;

  constructor(parts: { readonly endpoint: string; readonly from: Revision; readonly compactRevision: Revision }) {
    super({
      code: 'etcd_compacted',
      action: 'watch',
      object: parts.endpoint,
      found: `revision ${parts.from} is compacted away, the oldest that exists is ${parts.compactRevision}`,
      remedy: 'a full snapshot is needed before the watch can go on',
    });
    this.compactRevision = parts.compactRevision;
  }
}

/** The cluster does not continue the history that was followed. A new history begins, with a full snapshot. */
export class HistoryChangedFailure extends EtcdFailure {
  /** What has changed; `unproven` when nothing is left that could prove it. */
  readonly change: HistoryChange;
  /** Whether a member that lags can look like this, too. */
  readonly mayLag: boolean;
  /** What was found, without what it is about. */
  readonly found: string;
  /** A revision at which its events are others; undefined when that is not known. */
  readonly differsAt: Revision | undefined;

  constructor(parts: {
    readonly endpoint: string;
    readonly change: HistoryChange;
    readonly found: string;
    readonly mayLag: boolean;
    readonly differsAt?: Revision;
  }) {
    super({
      code: 'etcd_history_changed',
      action: 'follow the history of',
      object: parts.endpoint,
      found: parts.found,
      remedy: 'if the cluster was restored or replaced, start again with a full snapshot',
    });
    this.change = parts.change;
    this.mayLag = parts.mayLag;
    this.found = parts.found;
    this.differsAt = parts.differsAt;
  }
}

/** A transaction is larger than what is kept in memory. A full snapshot is the way forward. */
export class TransactionTooLarge extends EtcdFailure {
  constructor(parts: { readonly endpoint: string; readonly revision: Revision; readonly mostBytes: number }) {
    super({
      code: 'etcd_transaction_too_large',
      action: 'watch',
      object: parts.endpoint,
      found: `the changes of revision ${parts.revision} need more than ${parts.mostBytes} bytes of memory`,
      remedy: 'a full snapshot takes their place',
    });
  }
}
