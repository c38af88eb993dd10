import { cleanText } from '../../runtime/clean-text.ts';
import type { Environment } from '../../runtime/environment.ts';
import { credentialFailure } from './credential-failure.ts';

/** A path that a variable gives. */
export interface CredentialPath {
  readonly path: string;
  /** What messages call it while nothing is known to be there: the path, or the variable where the path may be a secret. */
  readonly where: string;
  /** Variable and path, or the variable alone. */
  readonly location: string;
}

/**
 * The path of credentials in a variable; undefined when it is not set. People also put the credentials themselves there, so only
 * what is written like a path is ever shown. Throws `credentials_unreadable` when it is JSON, PEM or any other text of several lines.
 */
export function credentialPath(environment: Environment, name: string): CredentialPath | undefined {
  const text = environment[name] ?? '';
  const cleaned = cleanText(text, 'words');
  if ('wrong' in cleaned || /^[{["']/.test(cleaned.value)) {
    throw credentialFailure('unreadable', {
      where: name,
      found: 'it holds no path',
      remedy: 'write the credentials into a file and give its path',
    });
  }
  const path = cleaned.value;
  if (path === '') {
    return undefined;
  }
  const isShown = /^(?:\/|\.{1,2}\/)[\w./ +-]*$/.test(path);
  return { path, where: isShown ? path : name, location: isShown ? `${name}=${path}` : name };
}
