/** Environment variables by name. Passed as a value, so that callers and tests decide what is set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variable's value; one that is set to nothing counts as not set. */
export function variable(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === '' ? undefined : value;
}
