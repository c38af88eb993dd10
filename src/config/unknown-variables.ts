import type { Environment } from '../runtime/environment.ts';
import { nearestWord } from '../runtime/nearest-word.ts';
import { credentialVariables } from '../snapstore/credentials/credential-variables.ts';
import { environmentName, type OptionSpec } from './option.ts';
import { environmentNames } from './value-source.ts';

/** What the variables of all options begin with. */
const prefix = environmentName('');

/** Whether a variable looks like one of an option and is none of these. */
export function hasUnknownVariable(environment: Environment, options: readonly OptionSpec[]): boolean {
  return unknownNames(environment, options.flatMap(environmentNames)).length > 0;
}

/** A sentence for each variable that looks like one of an option and is none, with the nearest one. Values are not looked at. */
export function unknownVariables(environment: Environment, options: readonly OptionSpec[]): readonly string[] {
  const known = options.flatMap(environmentNames);
  return unknownNames(environment, known).map((name) => {
    const own = nearestWord(
      name.slice(prefix.length),
      known.map((each) => each.slice(prefix.length)),
    );
    const meant = own === undefined ? undefined : prefix + own;
    const shown = /^[\w.-]{1,80}$/.test(name) ? name : `${prefix}…`;
    return `Environment variable ${shown} is no option and is ignored${meant === undefined ? '' : `; did you mean ${meant}?`}`;
  });
}

function unknownNames(environment: Environment, known: readonly string[]): readonly string[] {
  return Object.keys(environment).filter(
    (name) => name.toUpperCase().startsWith(prefix) && !known.includes(name) && environment[name] !== undefined,
  );
}

/** Names that only credentials of a store have. */
const credentialName = /APPLICATIONS?_?CREDENTIALS?|APPLICATON|CREDENTAILS|CREDENTIALS_JSON/i;

/** How many letters may be wrong in the name of a variable that others might use for something else. */
const mostTypos = 2;

/**
 * A sentence for each variable that looks like one of a store, its credentials or its container, and is none, with the nearest one.
 * Values are not looked at.
 */
export function unknownStoreVariables(environment: Environment, options: readonly OptionSpec[]): readonly string[] {
  const containers = options.flatMap(({ fallbackEnvironment }) => fallbackEnvironment ?? []);
  const known = [...credentialVariables, ...containers];
  return Object.keys(environment).flatMap((name) => {
    if (known.includes(name) || environment[name] === undefined || name.startsWith(prefix)) {
      return [];
    }
    const isCredential = credentialName.test(name) && /^[\w.-]{1,80}$/.test(name);
    const meant =
      nearestWord(name, known, { most: mostTypos }) ?? (isCredential ? nearestCredential(name, known) : undefined);
    if (meant === undefined && !isCredential) {
      return [];
    }
    const question = meant === undefined ? '' : `; did you mean ${meant}?`;
    return [`Environment variable ${name} is none of a store and is ignored${question}`];
  });
}

/** The variable that a name is a longer form of, such as one with `_JSON` for a provider that has no such; else the nearest. */
function nearestCredential(name: string, known: readonly string[]): string | undefined {
  return known.find((each) => name.startsWith(each)) ?? nearestWord(name, known);
}
