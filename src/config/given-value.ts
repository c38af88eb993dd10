import { cleanText } from '../runtime/clean-text.ts';
import type { Environment } from '../runtime/environment.ts';
import type { FileValues } from './config-file.ts';
import type { OptionSpec } from './option.ts';
import { UsageFailure } from './usage-failure.ts';
import { environmentNames, type GivenValue, nameAtSource } from './value-source.ts';

/** Where values may come from, in addition to the defaults. */
export interface ConfigInputs {
  /** Texts by flag name, in the order they were given. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly environment: Environment;
}

/**
 * The texts an option was given by the highest source that gives it: the flag, else the environment, else the configuration
 * file; undefined when none does. A flag without a value is a mistake, as of a shell variable that is empty, and throws a
 * {@link UsageFailure}. A variable or a key without one counts as not given: manifests often carry those.
 */
export function givenValue(
  spec: OptionSpec,
  inputs: ConfigInputs,
  file: FileValues | undefined,
): GivenValue | undefined {
  const written = inputs.flags.get(spec.flag);
  const texts = spec.emptyIsDefault === true && written?.join() === '' ? undefined : written;
  if (texts !== undefined) {
    if (texts.some(isBlank)) {
      throw new UsageFailure({
        action: 'use',
        object: nameAtSource(spec, { kind: 'flag' }),
        found: 'it is given without a value',
        remedy: 'is a variable empty?',
      });
    }
    return { texts, source: { kind: 'flag' } };
  }
  const named = environmentNames(spec).find((name) => !isBlank(inputs.environment[name]));
  if (named !== undefined) {
    return fromEnvironment(named, inputs.environment);
  }
  const entry = file?.lookup(spec);
  if (file && entry?.texts.some((text) => !isBlank(text))) {
    return { texts: entry.texts, source: { kind: 'file', path: file.path, key: entry.key } };
  }
  const fallback = spec.fallbackEnvironment;
  return fallback === undefined || isBlank(inputs.environment[fallback])
    ? undefined
    : fromEnvironment(fallback, inputs.environment);
}

function isBlank(text: string | undefined): boolean {
  const cleaned = cleanText(text ?? '', 'words');
  return 'value' in cleaned && cleaned.value === '';
}

function fromEnvironment(name: string, environment: Environment): GivenValue {
  return { texts: [environment[name] ?? ''], source: { kind: 'environment', name } };
}
