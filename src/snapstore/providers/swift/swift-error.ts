import { kindOfStatus, remedyOfStatus, retryAfterMs } from '../../http/error-kind.ts';
import type { StoreAction } from '../../http/request-error.ts';
import { StoreError, type StoreErrorKind } from '../../store-error.ts';

/** A response that is no success, as far as an error needs it. */
export interface ErrorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** A read whose range begins at or beyond the end of the object. */
export class RangeBeyondEnd extends StoreError {}

/** Translates a response that is no success. */
export function swiftStatusError(
  { status, headers, body }: ErrorResponse,
  { action, object }: StoreAction,
  service: 'the store' | 'Keystone' = 'the store',
): StoreError {
  const kind = kindOfAnswer(status, body);
  const retryAfter = headers['retry-after'];
  const Refusal = status === 416 ? RangeBeyondEnd : StoreError;
  return new Refusal(kind, {
    action,
    object,
    found: `${service} answered ${status}`,
    remedy: remedyOfStatus(status) ?? remedies[kind],
    retryAfterMs: retryAfterMs(typeof retryAfter === 'string' ? retryAfter : undefined),
  });
}

function kindOfAnswer(status: number, body: Buffer): StoreErrorKind {
  // Quotas answer 413 as an object that is too large does; only the text differs ("Upload exceeds quota.").
  if (status === 413 && body.toString('latin1').includes('quota')) {
    return 'quota';
  }
  // 422: the bytes that arrived do not have the announced MD5. The same ones sent again may arrive whole.
  return status === 422 ? 'transient' : kindOfStatus(status);
}

const remedies: Readonly<Partial<Record<StoreErrorKind, string>>> = {
  denied: "check the credentials, and the user's role in the project",
  quota: 'raise the quota of the container or the project, or lower the number of backups that are kept',
};

/** For answers to a question about an object that may be absent. */
export function notFoundMeans<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof StoreError && error.kind === 'not_found') {
      return value;
    }
    throw error;
  };
}
