import { kindOfStatus, remedyOfStatus, retryAfterMs } from '../../http/error-kind.ts';
import { requestError, type StoreAction } from '../../http/request-error.ts';
import { StoreError, type StoreErrorKind } from '../../store-error.ts';
import { GcsErrorResponse } from './gcs-error-response.ts';
import { AuthorizationFailed, NoAccount } from './google-authorizer.ts';

/** Reasons of the service ("HTTP status and error codes for JSON") that say more than their status. */
const kinds: Readonly<Record<string, StoreErrorKind>> = {
  retentionPolicyNotMet: 'immutable',
  objectUnderActiveHold: 'immutable',
  rateLimitExceeded: 'transient',
  userRateLimitExceeded: 'transient',
  quotaExceeded: 'quota',
  dailyLimitExceeded: 'quota',
};

const remedies: Readonly<Partial<Record<StoreErrorKind, string>>> = {
  gone: 'create the bucket, or correct --store-container',
  denied: 'grant the account the role Storage Object Admin on the bucket, and check that its key is in force',
  immutable: 'wait until its retention or hold has ended',
  quota: 'raise the quota of the project, or lower the number of backups that are kept',
};

/** Translates what the SDK, the transport or the authorization threw. */
export function gcsError(error: unknown, { action, object }: StoreAction): StoreError {
  if (error instanceof AuthorizationFailed && error.status !== undefined) {
    const kind = kindOfStatus(error.status) === 'transient' ? 'transient' : 'denied';
    const found = `the token service answered ${error.status}`;
    const remedy = kind === 'denied' ? 'check the account and its key in the credentials, and the clock' : undefined;
    return new StoreError(kind, { action, object, found, remedy, cause: error });
  }
  if (error instanceof NoAccount) {
    const remedy = `set ${error.variable} to the JSON file of a service account`;
    return new StoreError('denied', { action, object, found: error.message, remedy, cause: error });
  }
  if (!(error instanceof GcsErrorResponse)) {
    return requestError(error, { action, object });
  }
  const kind = kindOf(error);
  const found = `the store answered ${error.status}${error.reason === '' ? '' : ` ${error.reason}`}`;
  const remedy = remedyOfStatus(error.status) ?? remedies[kind];
  return new StoreError(kind, {
    action,
    object,
    found,
    remedy,
    retryAfterMs: retryAfterMs(error.retryAfter),
    cause: error,
  });
}

function kindOf({ status, reason, message }: GcsErrorResponse): StoreErrorKind {
  // An absent bucket has the same status and reason as an absent object.
  if (status === 404 && /bucket does not exist/i.test(message)) {
    return 'gone';
  }
  // The bytes changed on their way: the same ones sent again may arrive.
  if (status === 400 && /doesn't match/i.test(message)) {
    return 'transient';
  }
  return kinds[reason] ?? kindOfStatus(status);
}

/** For repeated deletes: an absent object is as good as a deleted one. */
export function unlessGone(error: unknown): void {
  if (!(error instanceof GcsErrorResponse && error.status === 404 && kindOf(error) === 'not_found')) {
    throw error;
  }
}

/** True when a precondition of the request did not hold. */
export function isPreconditionFailure(error: unknown): boolean {
  return statusOf(error) === 412;
}

/** True when the range that was asked for begins at or after the object's end. */
export function isRangeBeyondEnd(error: unknown): boolean {
  return statusOf(error) === 416;
}

function statusOf(error: unknown): number | undefined {
  return error instanceof StoreError && error.cause instanceof GcsErrorResponse ? error.cause.status : undefined;
}
