import { kindOfStatus, remedyOfStatus, retryAfterMs } from '../../http/error-kind.ts';
import { ForeignAnswer, foreignAnswerRemedy } from '../../http/foreign-answer.ts';
import { foreignAnswerError, provesNothing, requestError, type StoreAction } from '../../http/request-error.ts';
import { StoreError, type StoreErrorKind } from '../../store-error.ts';
import { S3Refusal } from './s3-refusal.ts';

/** What S3's error codes mean where the status alone would mislead; see "Error responses" of the S3 API reference. */
const KINDS: Readonly<Record<string, StoreErrorKind>> = {
  NoSuchKey: 'not_found',
  NoSuchVersion: 'not_found',
  NotFound: 'not_found',
  NoSuchBucket: 'gone',
  NoSuchUpload: 'invalid',
  AccessDenied: 'denied',
  AllAccessDisabled: 'denied',
  ExpiredToken: 'denied',
  InvalidAccessKeyId: 'denied',
  InvalidToken: 'denied',
  RequestTimeTooSkewed: 'denied',
  SignatureDoesNotMatch: 'denied',
  TokenRefreshRequired: 'denied',
  AccountProblem: 'denied',
  // Moved into an archive: no other right changes that.
  InvalidObjectState: 'invalid',
  NotImplemented: 'invalid',
  QuotaExceeded: 'quota',
  RequestTimeout: 'transient',
  SlowDown: 'transient',
  SlowDownRead: 'transient',
  SlowDownWrite: 'transient',
  Throttling: 'transient',
  ThrottlingException: 'transient',
  TooManyRequests: 'transient',
  RequestLimitExceeded: 'transient',
  BandwidthLimitExceeded: 'transient',
  OperationAborted: 'transient',
  ConditionalRequestConflict: 'transient',
  // The bytes changed, or were cut, on their way: the same ones sent again may arrive.
  BadDigest: 'transient',
  IncompleteBody: 'transient',
  XAmzContentSHA256Mismatch: 'transient',
};

const REMEDIES: Readonly<Record<string, string>> = {
  NoSuchBucket: 'create the bucket, or correct --store-container',
  RequestTimeTooSkewed: 'set the clock of this machine',
  SignatureDoesNotMatch: 'check the secret access key in the credentials',
  InvalidAccessKeyId: 'check the access key in the credentials',
  ExpiredToken: 'renew the credentials',
  TokenRefreshRequired: 'renew the credentials',
  InvalidToken: 'check the session token in the credentials, and that it belongs to their key',
  AccountProblem: 'the account is suspended or has unpaid bills',
  AllAccessDisabled: 'the bucket or its account is disabled: look at its state',
  QuotaExceeded: 'raise the quota of the bucket or the user, or lower the number of backups that are kept',
  PermanentRedirect: "set region and endpoint to those of the bucket's",
  TemporaryRedirect: "set region and endpoint to those of the bucket's",
  AuthorizationHeaderMalformed: "set the region to that of the bucket's",
  InvalidObjectState:
    'have the store bring the object back from its archive, and check the lifecycle rules of the bucket',
};

/** Translates what the SDK threw into the error callers know. */
export function s3Error(error: unknown, what: StoreAction): StoreError {
  if (error instanceof StoreError) {
    return error;
  }
  const { action, object } = what;
  if (error instanceof S3Refusal) {
    return refused(error, { action, object });
  }
  const fault = error instanceof ForeignAnswer ? undefined : faultOfSdk(error);
  return fault === undefined
    ? requestError(error, { action, object })
    : new StoreError(fault.kind, { action, object, found: fault.found, remedy: fault.remedy, cause: error });
}

function refused(error: S3Refusal, { action, object }: StoreAction): StoreError {
  const { status, code, foreign } = error;
  const kind = kindOf(error);
  const region = regionOf(error);
  const parts = { action, object, retryAfterMs: retryAfterMs(error.headers['retry-after']), cause: error };
  if (region !== undefined) {
    const found = `the bucket is in the region ${region}`;
    return new StoreError('invalid', { ...parts, found, remedy: 'set the region in the credentials to that' });
  }
  if (foreign !== undefined && provesNothing(status)) {
    return foreignAnswerError(foreign, parts, parts);
  }
  if (kind === 'immutable') {
    return new StoreError(kind, { ...parts, found: 'the store keeps it locked' });
  }
  const said = foreign === undefined ? `the store answered ${status} ${code}`.trimEnd() : foreign.message;
  const denied = kind === 'denied' ? 'check the credentials and what they are allowed' : undefined;
  const remedy = remedyOfStatus(status) ?? REMEDIES[code] ?? (foreign === undefined ? denied : foreignAnswerRemedy);
  return new StoreError(kind, { ...parts, found: said, remedy });
}

function kindOf({ status, code, text }: S3Refusal): StoreErrorKind {
  if (status >= 400 && status < 500 && status !== 404 && isAboutLock(text)) {
    return 'immutable';
  }
  // An error that comes with a success: the service began to answer before it knew.
  return KINDS[code] ?? (status < 300 ? 'transient' : kindOfStatus(status));
}

/** Services name the reason for which they keep an object in words only, and under several codes. */
function isAboutLock(text: string): boolean {
  return (
    /\bWORM\b|\bobject[ -]?lock(ed)?\b|\blegal ?hold\b|\bretention\b|\bimmutab/i.test(text) &&
    !/configuration|authorized/i.test(text)
  );
}

/** Where the bucket is, when the answer is that it is elsewhere. */
function regionOf({ status, code, headers }: S3Refusal): string | undefined {
  const region = headers['x-amz-bucket-region'];
  const elsewhere = status === 301 || status === 307 || code === 'AuthorizationHeaderMalformed';
  return elsewhere && region !== undefined && /^[\w-]{1,64}$/.test(region) ? region : undefined;
}

/** The service's error code, such as `NoSuchUpload`; empty when there is none. Also finds that of a {@link StoreError}'s cause. */
export function s3ErrorCode(error: unknown): string {
  return refusalIn(error)?.code ?? '';
}

/** The status of a refusal; undefined where nothing was answered. Also finds that of a {@link StoreError}'s cause. */
export function s3ErrorStatus(error: unknown): number | undefined {
  return refusalIn(error)?.status;
}

/** True when it was no S3 service that answered. */
export function isForeign(error: unknown): boolean {
  const cause = error instanceof StoreError ? error.cause : error;
  return cause instanceof ForeignAnswer || (cause instanceof S3Refusal && cause.foreign !== undefined);
}

function refusalIn(error: unknown): S3Refusal | undefined {
  const answer = error instanceof StoreError ? error.cause : error;
  return answer instanceof S3Refusal ? answer : undefined;
}

/** What is wrong before anything was sent. */
export interface SdkFault {
  readonly kind: StoreErrorKind;
  readonly found: string;
  readonly remedy?: string;
}

/** Faults that the SDK finds before it sends anything; undefined for all others. */
export function faultOfSdk(error: unknown): SdkFault | undefined {
  if (!(error instanceof Error)) {
    return undefined;
  }
  if (/CredentialsProviderError|TokenProviderError/.test(error.name)) {
    const remedy = 'set AWS_APPLICATION_CREDENTIALS, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
    return { kind: 'denied', found: 'no credentials were found', remedy };
  }
  if (/^Region is missing|^Region not accepted|invalid region/i.test(error.message)) {
    return { kind: 'invalid', found: 'the region is missing or cannot be one', remedy: 'set AWS_REGION' };
  }
  if (/bucket name|not a valid (host|bucket)|\bARN\b|invalid bucket|host ?label/i.test(error.message)) {
    return { kind: 'invalid', found: 'the bucket cannot have this name', remedy: 'correct --store-container' };
  }
  if (/^Checksum mismatch/.test(error.message)) {
    return { kind: 'transient', found: "the bytes that came do not match the object's checksum" };
  }
  if ('$response' in error && !('$fault' in error)) {
    // It came whole, and the SDK makes nothing of what is in it.
    return { kind: 'invalid', found: 'its answer cannot be understood' };
  }
  if (error.name === 'EndpointError') {
    return { kind: 'invalid', found: 'no address can be made of endpoint, region and bucket', remedy: 'correct them' };
  }
  return undefined;
}
