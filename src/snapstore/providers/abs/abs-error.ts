import { RestError } from '@azure/storage-blob';
import { kindOfStatus, remedyOfStatus, retryAfterMs } from '../../http/error-kind.ts';
import { ForeignAnswer, foreignAnswerRemedy } from '../../http/foreign-answer.ts';
import { foreignAnswerError, provesNothing, requestError, type StoreAction } from '../../http/request-error.ts';
import { StoreError, type StoreErrorKind } from '../../store-error.ts';
import { foreignAnswer, isForeignRefusal } from './abs-answer-guard.ts';

/**
 * What the service's error codes mean where the status alone would mislead.
 * See "Blob service error codes" and "Common REST API error codes" of the Azure Storage documentation.
 */
const kinds: Readonly<Record<string, StoreErrorKind>> = {
  BlobNotFound: 'not_found',
  ResourceNotFound: 'not_found',
  ContainerNotFound: 'gone',
  ContainerBeingDeleted: 'gone',
  ContainerDisabled: 'gone',
  AccountIsDisabled: 'gone',
  AccountBeingCreated: 'transient',
  BlobImmutableDueToPolicy: 'immutable',
  BlobImmutableDueToLegalHold: 'immutable',
  ContainerImmutableDueToPolicy: 'immutable',
  OperationTimedOut: 'transient',
  BlobArchived: 'invalid',
  BlobBeingRehydrated: 'invalid',
  // The bytes changed on their way: the same ones sent again may arrive.
  Md5Mismatch: 'transient',
  Crc64Mismatch: 'transient',
};

/** Translates what the SDK threw into the error callers know. */
export function absError(error: unknown, { action, object }: StoreAction): StoreError {
  const foreign = foreignIn(error);
  if (foreign !== undefined && error instanceof RestError && provesNothing(error.response?.status ?? 0)) {
    return foreignAnswerError(foreign, { action, object }, { cause: error });
  }
  if (!(error instanceof RestError) || error.statusCode === undefined) {
    return requestError(error, { action, object });
  }
  const { statusCode: status } = error;
  const code = serviceCode(error);
  const kind = kinds[code] ?? kindOfStatus(status);
  return new StoreError(kind, {
    action,
    object,
    found: foreign?.message ?? `the store answered ${status}${code === '' ? '' : ` ${code}`}`,
    remedy: remedyOfStatus(status) ?? (foreign === undefined ? remedyOf(code, kind) : foreignAnswerRemedy),
    retryAfterMs: retryAfterMs(error.response?.headers.get('retry-after')),
    cause: error,
  });
}

function remedyOf(code: string, kind: StoreErrorKind): string | undefined {
  return (Object.hasOwn(remediesOfCode, code) ? remediesOfCode[code] : undefined) ?? remedies[kind];
}

/** The answer of something else than the service that is in an error; undefined where there is none. */
function foreignIn(error: unknown): ForeignAnswer | undefined {
  if (error instanceof ForeignAnswer) {
    return error;
  }
  if (!(error instanceof RestError) || error.response === undefined) {
    return undefined;
  }
  const { response } = error;
  const isForeign = response.status < 400 || error.code === RestError.PARSE_ERROR || isForeignRefusal(response);
  return isForeign ? foreignAnswer(response, new URL(response.request.url).origin) : undefined;
}

/** The code of an error's body, or, for answers without one, of the header `x-ms-error-code`; empty when there is neither. */
function serviceCode(error: RestError): string {
  const code = error.code ?? error.response?.headers.get('x-ms-error-code') ?? '';
  return /^\w+$/.test(code) ? code : '';
}

const archived =
  'a lifecycle rule has moved it to the archive tier: have it rehydrated, and keep such rules away from snapshots';

const disabled = 'the storage account is disabled: look at its state, and at unpaid bills';

const remediesOfCode: Readonly<Record<string, string>> = {
  BlobArchived: archived,
  BlobBeingRehydrated: archived,
  AccountIsDisabled: disabled,
  ContainerDisabled: 'an administrator has disabled the container',
  AuthorizationFailure:
    'check storageAccount and storageKey, what the key may do, and that the network rules of the storage account let this machine in',
  KeyBasedAuthenticationNotPermitted: 'allow access by key (shared key) in the settings of the storage account',
  InsufficientAccountPermissions: 'check what the storage account and its key may do',
};

const remedies: Readonly<Partial<Record<StoreErrorKind, string>>> = {
  gone: 'create the container, or correct --store-container and the storage account',
  denied: 'check storageAccount and storageKey in the credentials, and the clock of this machine',
  immutable: 'wait until its immutability policy has run out',
};

/** True for the error of a commit whose blocks are gone: the service drops blocks that are not committed. */
export function areBlocksGone(error: unknown): boolean {
  const cause = error instanceof StoreError ? error.cause : error;
  return cause instanceof RestError && serviceCode(cause) === 'InvalidBlockList';
}

/** True when it was no Blob service that answered. */
export function isForeign(error: unknown): boolean {
  return foreignIn(error instanceof StoreError ? error.cause : error) !== undefined;
}

/** True for the error of a read whose range begins at or beyond the end. */
export function isRangeBeyondEnd(error: unknown): boolean {
  const cause = error instanceof StoreError ? error.cause : error;
  return cause instanceof RestError && cause.statusCode === 416;
}

/** For repeated deletes: an absent blob is as good as a deleted one. */
export function unlessGone(error: unknown): void {
  if (!(error instanceof RestError && serviceCode(error) === 'BlobNotFound')) {
    throw error;
  }
}
