import { StoreError } from '../../store-error.ts';
import { s3ErrorCode, s3ErrorStatus } from './s3-error.ts';
import type { S3Settings } from './s3-settings.ts';

/** Codes with which older services refuse a request for the headers of its checksum. */
const CODES: ReadonlySet<string> = new Set([
  '',
  'InvalidArgument',
  'InvalidHeader',
  'InvalidRequest',
  'NotImplemented',
  'UnsupportedHeader',
]);

const MULTIPART = 'the store has to know multipart uploads: choose another one, or turn them on there';

/** The refusal, with the settings that leave out checksums where these may be its reason, as for services that do not know them. A store without multipart uploads is named as that. */
export function withChecksumHint(
  error: StoreError,
  { action, object }: { readonly action: string; readonly object: string },
  { requestChecksums, responseChecksums }: Pick<S3Settings, 'requestChecksums' | 'responseChecksums'>,
): StoreError {
  const status = s3ErrorStatus(error);
  const refused = status === 501 || (status === 400 && CODES.has(s3ErrorCode(error)));
  const sent = isUpload(action) ? requestChecksums : isRead(action) ? responseChecksums : 'when_required';
  if (error.kind !== 'invalid' || !refused) {
    return error;
  }
  const isJoining = status === 501 && /^(begin|complete) the upload/.test(action);
  if (sent === 'when_required') {
    return isJoining && error.remedy === undefined ? advised(error, { action, object }, MULTIPART) : error;
  }
  const settings = 'requestChecksumCalculation and responseChecksumValidation';
  const hint = `if it does not know checksums, set ${settings} to when_required in the credentials`;
  return advised(error, { action, object }, isJoining ? `${hint}; if that is not it, ${MULTIPART}` : hint);
}

function advised(
  error: StoreError,
  task: { readonly action: string; readonly object: string },
  remedy: string,
): StoreError {
  const found = `the store answered ${s3ErrorStatus(error)} ${s3ErrorCode(error)}`.trimEnd();
  return new StoreError('invalid', { ...task, found, remedy, cause: error.cause });
}

function isUpload(action: string): boolean {
  return /upload/.test(action) && !action.startsWith('abort');
}

function isRead(action: string): boolean {
  return action === 'read';
}
