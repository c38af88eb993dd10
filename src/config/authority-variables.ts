import { type Environment, variable } from '../runtime/environment.ts';
import { UsageFailure } from './usage-failure.ts';

/** OpenSSL and Node open these by themselves: nothing bounds how long they wait for a pipe or read, and no signal would stop it. */
const openedElsewhere = ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'];

/**
 * Refuses a variable for authorities that names something else than a file of certificates of a sensible size: a pipe, a device, a file of the
 * kernel that is waited for, or one that is too large. A directory, and what does not exist or must not be read, is left out,
 * as OpenSSL leaves it out. Throws a UsageFailure.
 */
export async function checkAuthorityVariables(environment: Environment): Promise<void> {
  for (const name of openedElsewhere) {
    const path = variable(environment, name);
    const found = path === undefined ? undefined : await faultOf(path);
    if (found !== undefined) {
      const remedy = 'name a regular file of certificates';
      throw new UsageFailure({ action: 'use', object: `the environment variable ${name}`, found, remedy });
    }
  }
}

/** Loads what reads certificates only where there is something to read. */
async function faultOf(path: string): Promise<string | undefined> {
  const { certificatesIn, NoCertificateFile } = await import('../runtime/certificate-files.ts');
  try {
    certificatesIn(path);
    return undefined;
  } catch (error) {
    if (error instanceof NoCertificateFile) {
      return error.message;
    }
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'EAGAIN' ? `${path} has nothing to read at the moment` : undefined;
  }
}
