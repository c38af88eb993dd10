import { Failure, type FailureParts } from '../runtime/failure.ts';

/**
 * Why a store refused: each adapter translates the errors of its SDK into one of these kinds, once, at its edge.
 * `transient` is worth another try; the others are not.
 */
export type StoreErrorKind = 'not_found' | 'immutable' | 'denied' | 'transient' | 'quota' | 'gone' | 'invalid';

/** A failed store operation. Its code is `store_` + kind. */
export class StoreError extends Failure {
  readonly kind: StoreErrorKind;
  override readonly showsCauses: boolean = false;
  /** How long the store asked to wait (`Retry-After`), ms; undefined when it did not. */
  readonly retryAfterMs: number | undefined;
  /** Set where another try at once is not worth its time, although the error is `transient`. */
  readonly isLasting: boolean;

  constructor(
    kind: StoreErrorKind,
    parts: Omit<FailureParts, 'code'> & { readonly retryAfterMs?: number | undefined; readonly isLasting?: boolean },
  ) {
    super({ ...parts, code: `store_${kind}` });
    this.kind = kind;
    this.retryAfterMs = parts.retryAfterMs;
    this.isLasting = parts.isLasting ?? false;
  }
}

/** For `catch`: `value` instead of an error of kind `denied`. */
export function whenDenied<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof StoreError && error.kind === 'denied') {
      return value;
    }
    throw error;
  };
}

/** For `catch` around a call on a container as a whole: "not found" can only mean that the container is not there. */
export function notFoundMeansGone({
  action,
  object,
}: {
  readonly action: string;
  readonly object: string;
}): (error: unknown) => never {
  return (cause) => {
    if (cause instanceof StoreError && cause.kind === 'not_found') {
      const remedy = 'create it, or correct --store-container and the endpoint';
      throw new StoreError('gone', { action, object, found: 'there is no such container', remedy, cause });
    }
    throw cause;
  };
}
