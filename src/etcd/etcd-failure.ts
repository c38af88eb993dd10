import type { Revision } from '../revision.ts';
import { Failure, type FailureParts } from '../runtime/failure.ts';
import type { FailureCode } from '../runtime/failure-code.ts';

/** Why a cluster could not be used; `etcd_unreachable` and `etcd_timeout` are worth another try. */
export type EtcdFailureCode = Exclude<Extract<FailureCode, `etcd_${string}`>, 'etcd_corrupt'>;

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
