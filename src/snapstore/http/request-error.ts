import { StoreError } from '../store-error.ts';
import { kindOfNetworkError } from './error-kind.ts';
import { ForeignAnswer, foreignAnswerRemedy } from './foreign-answer.ts';

/** What was being done when an error came, as it reads in a message. */
export interface StoreAction {
  /** After "cannot": `read`, `list`. */
  readonly action: string;
  /** A container, an object or a service, mostly as a URL. */
  readonly object: string;
}

/**
 * The {@link StoreError} for a request that no store has answered: something else did, or nothing. One that is a StoreError already is
 * given back. What a store's own refusals mean, each provider says itself.
 */
export function requestError(error: unknown, what: StoreAction): StoreError {
  if (error instanceof StoreError) {
    return error;
  }
  if (error instanceof ForeignAnswer) {
    return foreignAnswerError(error, what, { cause: error });
  }
  const { kind, found, remedy } = kindOfNetworkError(error);
  return new StoreError(kind, { ...partsOf(what), found, remedy, cause: error });
}

/** The {@link StoreError} for an answer of something else than a store. `cause` is what carried it. */
export function foreignAnswerError(
  { message }: Pick<Error, 'message'>,
  what: StoreAction,
  { cause, retryAfterMs }: { readonly cause: unknown; readonly retryAfterMs?: number | undefined },
): StoreError {
  const said = { found: message, remedy: foreignAnswerRemedy };
  return new StoreError('invalid', { ...partsOf(what), ...said, cause, retryAfterMs });
}

/** Whether a refusal with this status says nothing about the store unless the store itself has sent it. */
export function provesNothing(status: number): boolean {
  return status < 400 || status === 404 || status === 405 || status === 410;
}

function partsOf({ action, object }: StoreAction): StoreAction {
  return { action, object };
}
