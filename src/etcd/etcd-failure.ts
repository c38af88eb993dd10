import type { Revision } from '../revision.ts';
import { Failure, type FailureParts } from '../runtime/failure.ts';

/**
 * Why a cluster could not be used:
 * - `etcd_unreachable` no answer, a lost connection or a member without a leader; worth another try
 * - `etcd_timeout` the deadline passed; worth another try
 * - `etcd_tls` the two sides do not trust or do not understand each other
 * - `etcd_auth` wrong user, password or missing permission
 * - `etcd_options` what the user gave cannot be used, such as an unreadable PEM file
 * - `etcd_compacted` the wanted revision no longer exists
 * - `etcd_snapshot_incomplete` a snapshot stream that is not what the member announced
 * - `etcd_history_gap` a watch that skipped or repeated a revision
 * - `etcd_history_changed` the cluster is another one, or has been put back to an older state
 * - `etcd_refused` etcd answered with an error of its own
 */
export type EtcdFailureCode =
  | 'etcd_unreachable'
  | 'etcd_timeout'
  | 'etcd_tls'
  | 'etcd_auth'
  | 'etcd_options'
  | 'etcd_compacted'
  | 'etcd_snapshot_incomplete'
  | 'etcd_history_gap'
  | 'etcd_history_changed'
  | 'etcd_refused';

/** A failure of the live cluster or of the way to it. */
export class EtcdFailure extends Failure {
  declare readonly code: EtcdFailureCode;

  constructor(parts: FailureParts & { readonly code: EtcdFailureCode }) {
    super(parts);
  }

  /** True when the same request may well succeed a moment later or at another member. */
  get isTransient(): boolean {
    return this.code === 'etcd_unreachable' || this.code === 'etcd_timeout';
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
