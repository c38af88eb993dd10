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

/** The refusal, with the settings that leave out checksums where these may be its reason, as for services that do not know them. */
export function withChecksumHint(
  error: StoreError,
  { action, object }: { readonly action: string; readonly object: string },
  { requestChecksums, responseChecksums }: Pick<S3Settings, 'requestChecksums' | 'responseChecksums'>,
): StoreError {
  const status = s3ErrorStatus(error);
  const refused = status === 501 || (status === 400 && CODES.has(s3ErrorCode(error)));
  const sent = isUpload(action) ? requestChecksums : isRead(action) ? responseChecksums : 'when_required';
  if (error.kind !== 'invalid' || !refused || sent === 'when_required') {
    return error;
  }
  const settings = 'requestChecksumCalculation and responseChecksumValidation';
  return new StoreError('invalid', {
    action,
    object,
    found: `the store answered ${status} ${s3ErrorCode(error)}`.trimEnd(),
    remedy: `if it does not know checksums, set ${settings} to when_required in the credentials`,
    cause: error.cause,
  });
}

function isUpload(action: string): boolean {
  return /upload/.test(action) && !action.startsWith('abort');
}

function isRead(action: string): boolean {
  return action === 'read';
}
