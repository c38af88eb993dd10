import { statSync } from 'node:fs';
import { type Environment, variable } from '../runtime/environment.ts';
import { UsageFailure } from './usage-failure.ts';

/**
 * Refuses an `SSL_CERT_FILE` that is neither a file nor a directory: OpenSSL opens it by itself, and would wait for the writer of a pipe
 * without end, and no signal would stop it. What does not exist is left out, as OpenSSL leaves it out. Throws a UsageFailure.
 */
export function checkAuthorityVariables(environment: Environment): void {
  const path = variable(environment, 'SSL_CERT_FILE');
  const facts = path === undefined ? undefined : factsOf(path);
  if (facts !== undefined && !facts.isFile() && !facts.isDirectory()) {
    throw new UsageFailure({
      action: 'use',
      object: 'the environment variable SSL_CERT_FILE',
      found: 'it names a pipe or a device',
      remedy: 'name a regular file of certificates',
    });
  }
}

function factsOf(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
