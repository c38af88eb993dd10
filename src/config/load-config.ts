import type { Environment } from '../runtime/environment.ts';
import { describeAccepted } from './accepted-values.ts';
import {
  type CommandSpec,
  type ConfigOf,
  type OptionGroups,
  type PlacedOption,
  placedOptions,
} from './command-spec.ts';
import type { FileValues } from './config-file.ts';
import { parseDuration } from './duration.ts';
import type { OptionSpec, OptionTable, ValuesOf } from './option.ts';
import { optionSchema } from './option-schema.ts';
import { type OptionValue, readOptionValue } from './option-value.ts';
import { isParsed } from './text-rules.ts';
import { UsageFailure } from './usage-failure.ts';
import { environmentNames, type GivenValue, nameAtSource, type ValueSource } from './value-source.ts';

/** Where values may come from, in addition to the defaults. */
export interface ConfigInputs {
  /** Texts by flag name, in the order they were given. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly environment: Environment;
}

/** A finished configuration and where its values came from. */
export interface LoadedConfig<G extends OptionGroups> {
  readonly config: ConfigOf<G>;
  /** By flag name. */
  readonly sources: ReadonlyMap<string, ValueSource>;
  /** What the user should know though it is no error. */
  readonly warnings: readonly string[];
}

const configFileFlag = 'config-file';

/**
 * Finds the value of each of a command's options: the flag, else the environment, else the configuration file,
 * else the default. Values that a higher source overrides are not parsed.
 * Throws a {@link UsageFailure} that names the first bad value and where it came from.
 */
export async function loadConfig<G extends OptionGroups>(
  spec: CommandSpec<G>,
  inputs: ConfigInputs,
): Promise<LoadedConfig<G>> {
  const placed = placedOptions(spec);
  const file = await configFile(spec, placed, inputs);
  const sources = new Map<string, ValueSource>();
  const groups = new Map<string, Map<string, OptionValue>>(Object.keys(spec.groups).map((name) => [name, new Map()]));
  for (const { group, name, spec: option } of placed) {
    const given = givenValue(option, inputs, file);
    sources.set(option.flag, given?.source ?? { kind: 'default' });
    groups.get(group)?.set(name, await finishedValue(option, given));
  }
  for (const [group, values] of groups) {
    checkGroup(spec.groups, group, { values: Object.fromEntries(values), sources });
  }
  const config = Object.fromEntries([...groups].map(([group, values]) => [group, Object.fromEntries(values)]));
  // Each value was validated by the schema of the very declaration that ConfigOf reads its type from.
  return { config: config as ConfigOf<G>, sources, warnings: file?.warnings ?? [] };
}

async function configFile(
  spec: CommandSpec,
  placed: readonly PlacedOption[],
  inputs: ConfigInputs,
): Promise<FileValues | undefined> {
  const option = placed.find(({ spec: { flag } }) => flag === configFileFlag);
  const path = option === undefined ? undefined : givenValue(option.spec, inputs, undefined)?.texts.at(-1);
  if (path === undefined || path === '') {
    return undefined;
  }
  const { readConfigFile } = await import('./config-file.ts');
  return readConfigFile(path, spec);
}

function givenValue(spec: OptionSpec, inputs: ConfigInputs, file: FileValues | undefined): GivenValue | undefined {
  const texts = inputs.flags.get(spec.flag);
  if (texts !== undefined) {
    return { texts, source: { kind: 'flag' } };
  }
  const named = environmentNames(spec).find((name) => isSet(inputs.environment[name]));
  if (named !== undefined) {
    return fromEnvironment(named, inputs.environment);
  }
  const entry = file?.lookup(spec);
  if (file !== undefined && entry !== undefined) {
    return { texts: entry.texts, source: { kind: 'file', path: file.path, key: entry.key } };
  }
  const fallback = spec.fallbackEnvironment;
  return fallback !== undefined && isSet(inputs.environment[fallback])
    ? fromEnvironment(fallback, inputs.environment)
    : undefined;
}

/** Manifests often carry variables with nothing in them; those count as not set. */
function isSet(text: string | undefined): boolean {
  return text !== undefined && text !== '';
}

function fromEnvironment(name: string, environment: Environment): GivenValue {
  return { texts: [environment[name] ?? ''], source: { kind: 'environment', name } };
}

async function finishedValue(spec: OptionSpec, given: GivenValue | undefined): Promise<OptionValue> {
  if (given === undefined) {
    return await defaultValue(spec);
  }
  const reading = readOptionValue(spec, given.texts, given.source.kind);
  if ('wrong' in reading) {
    throw badValue(spec, given, reading.wrong);
  }
  if (spec.blankIsDefault === true && (reading.value === '' || reading.value === 0)) {
    return await defaultValue(spec);
  }
  const result = (await optionSchema(spec)).safeParse(reading.value);
  if (!result.success) {
    const issue = result.error.issues[0];
    const index = issue?.path[0];
    const item = Array.isArray(reading.value) && typeof index === 'number' ? String(reading.value[index]) : undefined;
    throw badValue(spec, item === undefined ? given : { ...given, texts: [item] }, issue?.message ?? 'it is not valid');
  }
  return withoutNone(spec, result.data);
}

async function defaultValue(spec: OptionSpec): Promise<OptionValue> {
  switch (spec.type) {
    case 'duration':
      return withoutNone(spec, parseDuration(spec.default));
    case 'string':
    case 'strings':
    case 'stringArray':
      return isParsed(spec.rule) ? (await optionSchema(spec)).parse(spec.default) : spec.default;
    default:
      return withoutNone(spec, spec.default);
  }
}

/** Undefined for the number by which users say that there is no value. */
function withoutNone(spec: OptionSpec, value: OptionValue): OptionValue {
  return 'none' in spec && value === spec.none ? undefined : value;
}

function badValue(spec: OptionSpec, given: GivenValue, wrong: string): UsageFailure {
  const shown = (given.texts.at(-1) ?? '').replace(/\/\/[^/@]*@/, '//[redacted]@');
  const value = spec.secret === true ? '' : ` ${JSON.stringify(shown)}`;
  return new UsageFailure({
    action: 'use',
    object: `${nameAtSource(spec, given.source)}${value}`,
    found: wrong,
    remedy: `accepted: ${describeAccepted(spec)}`,
  });
}

function checkGroup(
  groups: OptionGroups,
  name: string,
  found: { readonly values: Readonly<Record<string, OptionValue>>; readonly sources: ReadonlyMap<string, ValueSource> },
): void {
  const group = groups[name];
  const complaint = group?.check?.(found.values as ValuesOf<OptionTable>);
  const spec = complaint === undefined ? undefined : group?.options[complaint.option];
  if (complaint !== undefined && spec !== undefined) {
    const source = found.sources.get(spec.flag) ?? { kind: 'default' };
    throw new UsageFailure({
      action: 'use',
      object: nameAtSource(spec, source),
      found: complaint.found,
      remedy: complaint.remedy,
    });
  }
}
