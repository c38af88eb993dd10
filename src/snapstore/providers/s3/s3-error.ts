import { kindOfNetworkError, kindOfStatus, retryAfterMs } from '../../http/error-kind.ts';
import { StoreError, type StoreErrorKind } from '../../store-error.ts';

/** What was being done when an error came, as it reads in a message. */
export interface S3Action {
  readonly action: string;
  readonly object: string;
}

/** What S3's error codes mean where the status alone would mislead; see "Error responses" of the S3 API reference. */
const KINDS: Readonly<Record<string, StoreErrorKind>> = {
  NoSuchKey: 'not_found',
  NoSuchVersion: 'not_found',
  NotFound: 'not_found',
  NoSuchBucket: 'gone',
  NoSuchUpload: 'invalid',
  AllAccessDisabled: 'denied',
  ExpiredToken: 'denied',
  InvalidAccessKeyId: 'denied',
  InvalidToken: 'denied',
  RequestTimeTooSkewed: 'denied',
  SignatureDoesNotMatch: 'denied',
  QuotaExceeded: 'quota',
  RequestTimeout: 'transient',
  SlowDown: 'transient',
  OperationAborted: 'transient',
  // The bytes changed on their way: the same ones sent again may arrive.
  BadDigest: 'transient',
  XAmzContentSHA256Mismatch: 'transient',
};

const REMEDIES: Readonly<Record<string, string>> = {
  NoSuchBucket: 'create the bucket, or correct --store-container',
  RequestTimeTooSkewed: 'set the clock of this machine',
  SignatureDoesNotMatch: 'check the secret access key in the credentials',
  InvalidAccessKeyId: 'check the access key in the credentials',
  ExpiredToken: 'renew the credentials',
  PermanentRedirect: "set region and endpoint to those of the bucket's",
  AuthorizationHeaderMalformed: "set the region to that of the bucket's",
};

/** Translates what the SDK threw into the error callers know. */
export function s3Error(error: unknown, { action, object }: S3Action): StoreError {
  if (error instanceof StoreError) {
    return error;
  }
  const status = statusOf(error);
  if (status === undefined || !(error instanceof Error)) {
    if (isCredentialsFault(error)) {
      const found = 'no credentials were found';
      return new StoreError('denied', {
        action,
        object,
        found,
        remedy: 'set AWS_APPLICATION_CREDENTIALS',
        cause: error,
      });
    }
    const { kind, found } = kindOfNetworkError(error);
    return new StoreError(kind, { action, object, found, cause: error });
  }
  const code = s3ErrorCode(error);
  const kind = KINDS[code] ?? kindOfStatus(status);
  const denied = kind === 'denied' ? 'check the credentials and what they are allowed' : undefined;
  return new StoreError(kind, {
    action,
    object,
    found: `the store answered ${status}${code === '' ? '' : ` ${code}`}`,
    remedy: REMEDIES[code] ?? denied,
    retryAfterMs: retryAfterMs(retryAfterOf(error)),
    cause: error,
  });
}

/** The service's error code, such as `NoSuchUpload`; empty when there is none. Also finds that of a {@link StoreError}'s cause. */
export function s3ErrorCode(error: unknown): string {
  const answer = error instanceof StoreError ? error.cause : error;
  // Answers without a body (HEAD) have no code; the SDK then makes up a name.
  const name = answer instanceof Error ? answer.name : '';
  return /^[A-Z]\w+$/.test(name) && !/^(Error|UnknownError|Unknown)$/.test(name) ? name : '';
}

/** The HTTP status of the response that made the SDK throw; undefined when there was none. */
export function statusOf(error: unknown): number | undefined {
  if (error instanceof Error && '$metadata' in error) {
    const metadata = error.$metadata;
    if (typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata) {
      return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
    }
  }
  return undefined;
}

/** The header `Retry-After` of the answer, which the SDK keeps with its error. */
function retryAfterOf(error: Error): string | undefined {
  const response: unknown = '$response' in error ? error.$response : undefined;
  const headers: unknown =
    typeof response === 'object' && response !== null ? Reflect.get(response, 'headers') : undefined;
  const value: unknown =
    typeof headers === 'object' && headers !== null ? Reflect.get(headers, 'retry-after') : undefined;
  return typeof value === 'string' ? value : undefined;
}

function isCredentialsFault(error: unknown): boolean {
  return error instanceof Error && /CredentialsProviderError|TokenProviderError/.test(error.name);
}
