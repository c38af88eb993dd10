import { Damage } from '../datadir/damage.ts';
import { UnfitChange, type UnfitReason } from '../datadir/mvcc/unfit-change.ts';
import { SnapshotDamage } from '../snapshot/damage.ts';

/** An error on its way between threads, where classes are lost. */
export type TransportedError =
  | { readonly kind: 'damage'; readonly file: string; readonly offset: number; readonly reason: string }
  | {
      readonly kind: 'snapshot damage';
      readonly reason: string;
      readonly offset: number | undefined;
      readonly cause: TransportedError | undefined;
    }
  | { readonly kind: 'unfit change'; readonly revision: number; readonly reason: UnfitReason }
  | { readonly kind: 'other'; readonly error: unknown; readonly code: unknown; readonly syscall: unknown };

/** Packs an error for the way. */
export function packError(error: unknown): TransportedError {
  if (error instanceof Damage) {
    const { file, offset, reason } = error;
    return { kind: 'damage', file, offset, reason };
  }
  if (error instanceof SnapshotDamage) {
    return { kind: 'snapshot damage', reason: error.reason, offset: error.offset, cause: packedCause(error) };
  }
  if (error instanceof UnfitChange) {
    return { kind: 'unfit change', revision: error.revision, reason: error.reason };
  }
  const { code, syscall } = (error ?? {}) as { readonly code?: unknown; readonly syscall?: unknown };
  return { kind: 'other', error: plain(error), code, syscall };
}

/** The error that was packed, with its class. */
export function unpackError(packed: TransportedError): Error {
  switch (packed.kind) {
    case 'damage':
      return new Damage(packed);
    case 'snapshot damage':
      return new SnapshotDamage(packed.reason, {
        offset: packed.offset,
        cause: packed.cause === undefined ? undefined : unpackError(packed.cause),
      });
    case 'unfit change':
      return new UnfitChange(packed.revision, packed.reason);
    case 'other': {
      const { error, code, syscall } = packed;
      const whole = error instanceof Error ? error : new Error(String(error));
      return Object.assign(whole, code === undefined ? {} : { code }, syscall === undefined ? {} : { syscall });
    }
    default:
      return packed satisfies never;
  }
}

/** What is said of a cause goes by its code, which a clone of it would not have. */
function packedCause({ cause }: Error): TransportedError | undefined {
  return cause === undefined ? undefined : packError(cause);
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
