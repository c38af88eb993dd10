import { stat } from 'node:fs/promises';
import { cleanText } from '../../runtime/clean-text.ts';
import { type Environment, variable } from '../../runtime/environment.ts';
import { credentialFailure } from './credential-failure.ts';
import { readCredentialFile, stateOfFiles } from './credential-file.ts';
import { credentialPath } from './credential-path.ts';

/** No secret is longer, bytes. */
const sizeLimit = 64 * 1024;

/**
 * A secret in a variable, or in the file that the variable with `_FILE` after its name names, without the line ends around it;
 * undefined when neither is set. Throws `credentials_invalid` when both are, and `credentials_unreadable` or
 * `credentials_incomplete` for the file.
 */
export async function secretVariable(environment: Environment, name: string): Promise<string | undefined> {
  const given = variable(environment, name);
  const place = credentialPath(environment, `${name}_FILE`);
  if (place === undefined) {
    return given;
  }
  const where = place.location;
  if (given !== undefined) {
    throw credentialFailure('invalid', {
      where: `${name}_FILE`,
      found: `${name} is set as well`,
      remedy: 'set one of them',
    });
  }
  const cleaned = cleanText(await contentOf(place.path, where), 'secret');
  if ('wrong' in cleaned) {
    throw credentialFailure('invalid', { where, found: cleaned.wrong });
  }
  if (cleaned.value === '') {
    throw credentialFailure('incomplete', { where, found: 'the file is empty' });
  }
  return cleaned.value;
}

/** Changes when the file of one of these variables is replaced; see `stateOfFiles`. Empty where none is in a file. */
export async function stateOfSecretVariables(environment: Environment, names: readonly string[]): Promise<string> {
  const places = names.map((name) => credentialPath(environment, `${name}_FILE`));
  return await stateOfFiles(places.flatMap((place) => (place === undefined ? [] : [place.path])));
}

async function contentOf(path: string, where: string): Promise<string> {
  const facts = await stat(path).catch(() => undefined);
  // It is read again and again, which a pipe does not bear.
  if (facts !== undefined && (!facts.isFile() || facts.size > sizeLimit)) {
    const found = facts.isFile() ? 'the file is too large' : 'it is no file';
    throw credentialFailure('unreadable', { where, found });
  }
  return (await readCredentialFile(path, { where })).replace(/^\ufeff/, '');
}
