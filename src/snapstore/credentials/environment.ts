/** Environment variables by name. Passed as a value, so that tests and callers decide what is set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process: the only place in this folder that looks at it. */
export function processEnvironment(): Environment {
  return process.env;
}

/** The variable's value; one that is set to nothing counts as not set. */
export function variable(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === '' ? undefined : value;
}
