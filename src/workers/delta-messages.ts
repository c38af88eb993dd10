import type { OwnedEntryBatch } from '../datadir/bbolt/entry-batch.ts';
import { UnfitChange, type UnfitReason } from '../datadir/mvcc/unfit-change.ts';
import type { DeltaTask } from '../objects/delta-reader.ts';
import type { DeltaSummary } from '../objects/record-decoder.ts';
import { SnapshotDamage } from '../snapshot/damage.ts';

/** Batches a thread may have sent without hearing that they were used. */
export const BATCHES_IN_FLIGHT = 12;

/** What a restore tells a thread. */
export type DeltaRequest =
  /** Read this delta. */
  | { readonly kind: 'read'; readonly task: DeltaTask }
  /** This batch is used up, one more may be sent. */
  | { readonly kind: 'used'; readonly batch: OwnedEntryBatch };

/** What a thread answers. */
export type DeltaAnswer =
  | { readonly kind: 'batch'; readonly batch: OwnedEntryBatch }
  | { readonly kind: 'done'; readonly summary: DeltaSummary }
  | { readonly kind: 'failed'; readonly failure: DeltaFailure };

/** An error on its way between threads, where classes are lost. */
export type DeltaFailure =
  | { readonly kind: 'damage'; readonly reason: string; readonly offset: number | undefined; readonly cause: unknown }
  | { readonly kind: 'unfit'; readonly revision: number; readonly reason: UnfitReason }
  | { readonly kind: 'other'; readonly error: unknown; readonly code: unknown; readonly syscall: unknown };

/** Packs an error for the way. */
export function packFailure(error: unknown): DeltaFailure {
  if (error instanceof SnapshotDamage) {
    return { kind: 'damage', reason: error.reason, offset: error.offset, cause: plain(error.cause) };
  }
  if (error instanceof UnfitChange) {
    return { kind: 'unfit', revision: error.revision, reason: error.reason };
  }
  const { code, syscall } = error as { readonly code?: unknown; readonly syscall?: unknown };
  return { kind: 'other', error: plain(error), code, syscall };
}

/** The error that was packed, with its class. */
export function unpackFailure(failure: DeltaFailure): Error {
  switch (failure.kind) {
    case 'damage':
      return new SnapshotDamage(failure.reason, { offset: failure.offset, cause: failure.cause });
    case 'unfit':
      return new UnfitChange(failure.revision, failure.reason);
    case 'other': {
      const { error, code, syscall } = failure;
      const whole = error instanceof Error ? error : new Error(String(error));
      return Object.assign(whole, code === undefined ? {} : { code }, syscall === undefined ? {} : { syscall });
    }
    default:
      return failure satisfies never;
  }
}

/** An error that can be cloned whatever it carries. */
function plain(error: unknown): unknown {
  if (!(error instanceof Error)) {
    return error === undefined ? undefined : String(error);
  }
  const copy = new Error(error.message);
  if (error.stack !== undefined) {
    copy.stack = error.stack;
  }
  return copy;
}
