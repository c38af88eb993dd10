import { resolve } from 'node:path';

/** The container that is used when none is given. */
const DEFAULT_CONTAINER = 'default.bkp';

/** The directory of a local container: absolute as it is, relative below the home directory, `default.bkp` there when empty. */
export function localDirectory(container: string | undefined, home: string): string {
  const name = container === undefined || container === '' ? DEFAULT_CONTAINER : container;
  return resolve(home, name);
}
