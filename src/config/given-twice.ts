import type { OptionSpec } from './option.ts';
import type { GivenValue } from './value-source.ts';

/**
 * What the user should know of a flag that has one value and was given several: the last counts, as in the Go program, which may not be what
 * somebody who wrote two directories meant. Undefined for lists, and where all are the same.
 */
export function givenTwice(spec: OptionSpec, given: GivenValue | undefined): string | undefined {
  const isList = spec.type === 'strings' || spec.type === 'stringArray';
  if (given?.source.kind !== 'flag' || isList) {
    return undefined;
  }
  const texts = given.texts.map((text) => text.trim());
  return new Set(texts).size < 2
    ? undefined
    : `--${spec.flag} is given ${texts.length} times, with different values: the last one counts`;
}
