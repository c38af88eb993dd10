import { Failure } from '../../runtime/failure.ts';

/**
 * What is wrong with credentials, as the end of a failure's code:
 * `absent` none are configured, `unreadable` a file cannot be read, `malformed` not the JSON that was expected,
 * `incomplete` fields are missing, `invalid` a field's value cannot be right, or fields exclude each other.
 */
export type CredentialFault = 'absent' | 'unreadable' | 'malformed' | 'incomplete' | 'invalid';

/**
 * A failure with code `credentials_` + fault. `where` and `found` name variables, files and fields, never a value;
 * the error underneath is not kept, since parsers quote their input.
 */
export function credentialFailure(
  fault: CredentialFault,
  parts: { readonly where: string; readonly found: string; readonly remedy?: string },
): Failure {
  return new Failure({
    code: `credentials_${fault}`,
    action: 'use the credentials in',
    object: parts.where,
    found: parts.found,
    remedy: parts.remedy,
  });
}
