import { userInfo } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import { type Environment, variable } from '../../../runtime/environment.ts';
import { Failure } from '../../../runtime/failure.ts';

/** The container that is used when none is given. */
const DEFAULT_CONTAINER = 'default.bkp';

/**
 * The directory of a local container: absolute as it is, relative below the home directory, `default.bkp` there when empty.
 * Throws a Failure `container_missing` where a home directory is needed and there is none, as for a user without an entry in passwd.
 */
export function localDirectory(container: string | undefined, environment: Environment): string {
  const name = container === undefined || container === '' ? DEFAULT_CONTAINER : container;
  return isAbsolute(name) ? resolve(name) : resolve(homeOf(environment, name), name);
}

function homeOf(environment: Environment, container: string): string {
  const home = variable(environment, 'HOME');
  if (home !== undefined) {
    return home;
  }
  try {
    return userInfo().homedir;
  } catch {
    throw new Failure({
      code: 'container_missing',
      action: 'find the local container',
      object: `"${container}"`,
      found: 'it is relative to the home directory, HOME is not set, and this user has no other',
      remedy: 'give an absolute --store-container',
    });
  }
}
