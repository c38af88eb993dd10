import type { Environment } from '../runtime/environment.ts';
import { nearest } from './nearest.ts';
import { environmentName, type OptionSpec } from './option.ts';
import { environmentNames } from './value-source.ts';

/** What the variables of all options begin with. */
const prefix = environmentName('');

/** A sentence for each variable that looks like one of an option and is none, with the nearest one. Values are not looked at. */
export function unknownVariables(environment: Environment, options: readonly OptionSpec[]): readonly string[] {
  const known = options.flatMap(environmentNames);
  return Object.keys(environment)
    .filter((name) => name.toUpperCase().startsWith(prefix) && !known.includes(name) && environment[name] !== undefined)
    .map((name) => {
      const own = nearest(
        name.slice(prefix.length),
        known.map((each) => each.slice(prefix.length)),
      );
      const meant = own === undefined ? undefined : prefix + own;
      const shown = /^[\w.-]{1,80}$/.test(name) ? name : `${prefix}…`;
      return `Environment variable ${shown} is no option and is ignored${meant === undefined ? '' : `; did you mean ${meant}?`}`;
    });
}
