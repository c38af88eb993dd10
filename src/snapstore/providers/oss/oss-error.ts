import { kindOfStatus, remedyOfStatus, retryAfterMs } from '../../http/error-kind.ts';
import { requestError, type StoreAction } from '../../http/request-error.ts';
import { StoreError, type StoreErrorKind } from '../../store-error.ts';

const ofAnother = 'the bucket belongs to another account: correct --store-container, or the access key';

/** For what the service's code does not say more precisely. */
const remedies: Readonly<Partial<Record<StoreErrorKind, string>>> = {
  denied:
    'check accessKeyID, accessKeySecret and the endpoint in the credentials, what the key may do, and the clock of this machine',
  quota: 'raise the quota of the bucket, or lower the number of backups that are kept',
};

/** Error codes of the service ("Error codes" in its API reference) that say more than their status. */
const kinds: Readonly<Record<string, { readonly kind: StoreErrorKind; readonly remedy?: string }>> = {
  NoSuchKey: { kind: 'not_found' },
  NoSuchBucket: { kind: 'gone', remedy: 'create the bucket or correct --store-container and the endpoint' },
  NoSuchUpload: { kind: 'invalid' },
  InvalidObjectState: {
    kind: 'invalid',
    remedy:
      'a lifecycle rule has moved it to an archive: have the store bring it back, and keep such rules away from snapshots',
  },
  FileImmutable: { kind: 'immutable', remedy: 'wait until its retention has run out' },
  AccessDenied: { kind: 'denied', remedy: 'grant the access key list, get, put and delete on the bucket' },
  InvalidAccessKeyId: { kind: 'denied', remedy: 'check accessKeyID in the credentials' },
  SignatureDoesNotMatch: { kind: 'denied', remedy: 'check accessKeySecret in the credentials, and their region' },
  RequestTimeTooSkewed: { kind: 'denied', remedy: 'correct the clock of this machine' },
  UserDisable: { kind: 'denied', remedy: 'the account is suspended or has unpaid bills' },
  SecurityTokenExpired: { kind: 'denied', remedy: 'renew the credentials: their token has run out' },
  InvalidSecurityToken: {
    kind: 'denied',
    remedy: 'check the token in the credentials, and that it belongs to their key',
  },
  BucketAlreadyExists: { kind: 'denied', remedy: ofAnother },
  QuotaExceeded: { kind: 'quota' },
  // The bytes changed on their way: the same ones sent again may arrive.
  InvalidDigest: { kind: 'transient' },
  IncompleteBody: { kind: 'transient' },
  RequestTimeout: { kind: 'transient' },
};

/** Translates what the SDK or the transport threw. */
export function ossError(error: unknown, { action, object }: StoreAction): StoreError {
  const { status, code } = answerOf(error);
  if (error instanceof StoreError || status === undefined || status < 400) {
    return requestError(error, { action, object });
  }
  const known = kinds[code] ?? { kind: kindOfStatus(status) };
  return new StoreError(known.kind, {
    action,
    object,
    found: `the store answered ${status}${code === '' ? '' : ` ${code}`}`,
    remedy: known.remedy ?? remedyOfStatus(status) ?? remedies[known.kind],
    retryAfterMs: retryAfterMs(retryAfterOf(error)),
    cause: error,
  });
}

/** The service's error code, such as `NoSuchUpload`; empty when it gave none. */
export function ossErrorCode(error: StoreError): string {
  return answerOf(error.cause).code;
}

/** The cause that {@link OssRequests} added to the SDK's error. */
function retryAfterOf(error: unknown): string | undefined {
  const value: unknown = error instanceof Error ? Reflect.get(error, 'retryAfter') : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** Status and error code as the SDK puts them on its errors; no status when there was no answer. */
function answerOf(error: unknown): { readonly status: number | undefined; readonly code: string } {
  const status =
    error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  return { status, code: /^\w+$/.test(code) ? code : '' };
}
