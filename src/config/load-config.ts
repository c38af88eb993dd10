import { checkAuthorityVariables } from './authority-variables.ts';
import {
  type CommandSpec,
  type ConfigOf,
  type OptionGroups,
  type PlacedOption,
  placedOptions,
} from './command-spec.ts';
import type { FileValues } from './config-file.ts';
import { givenTwice } from './given-twice.ts';
import { type ConfigInputs, givenValue } from './given-value.ts';
import type { OptionGroup, OptionTable, ValuesOf } from './option.ts';
import type { OptionValue } from './option-value.ts';
import { UsageFailure } from './usage-failure.ts';
import { validatedValue } from './validated-value.ts';
import { nameAtSource, type ValueSource } from './value-source.ts';

/** A finished configuration and where its values came from. */
export interface LoadedConfig<G extends OptionGroups> {
  readonly config: ConfigOf<G>;
  /** By flag name. */
  readonly sources: ReadonlyMap<string, ValueSource>;
  /** What was given, as texts, by flag name; the texts of options that were not given are missing. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
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
  await checkAuthorityVariables(inputs.environment);
  const placed = placedOptions(spec);
  const file = await configFile(placed, inputs);
  const sources = new Map<string, ValueSource>();
  const texts = new Map<string, readonly string[]>();
  const twice: string[] = [];
  const groups = new Map<string, Map<string, OptionValue>>(Object.keys(spec.groups).map((name) => [name, new Map()]));
  for (const { group, name, spec: option } of placed) {
    const given = givenValue(option, inputs, file);
    sources.set(option.flag, given?.source ?? { kind: 'default' });
    if (given !== undefined) {
      texts.set(option.flag, given.texts);
    }
    groups.get(group)?.set(name, await validatedValue(option, given));
    const repeated = givenTwice(option, given);
    if (repeated !== undefined) {
      twice.push(repeated);
    }
  }
  const warnings: string[] = [...twice, ...(file?.warnings ?? []), ...(await strayVariables(placed, inputs))];
  for (const [name, values] of groups) {
    const group = spec.groups[name];
    if (group !== undefined) {
      await fillFromFiles(group, values, sources);
      warnings.push(...checkGroup(group, { values: Object.fromEntries(values), sources }));
    }
  }
  const config = Object.fromEntries([...groups].map(([group, values]) => [group, Object.fromEntries(values)]));
  // Each value was validated by the schema of the very declaration that ConfigOf reads its type from.
  return { config: config as ConfigOf<G>, sources, texts, warnings };
}

async function configFile(placed: readonly PlacedOption[], inputs: ConfigInputs): Promise<FileValues | undefined> {
  const option = placed.find(({ spec: { flag } }) => flag === configFileFlag)?.spec;
  const path = option === undefined ? undefined : await validatedValue(option, givenValue(option, inputs, undefined));
  if (typeof path !== 'string') {
    return undefined;
  }
  const { readConfigFile } = await import('./config-file.ts');
  return await readConfigFile(path);
}

/** Few environments have a variable that needs the table of all options. */
async function strayVariables(
  placed: readonly PlacedOption[],
  { environment }: ConfigInputs,
): Promise<readonly string[]> {
  const { hasUnknownVariable, unknownStoreVariables, unknownVariables } = await import('./unknown-variables.ts');
  const own = placed.map(({ spec }) => spec);
  const hasStore = own.some(({ flag }) => flag === 'storage-provider');
  const ofStores = hasStore ? unknownStoreVariables(environment, own) : [];
  if (!hasUnknownVariable(environment, own)) {
    return ofStores;
  }
  const { everyOption } = await import('./every-option.ts');
  return [...unknownVariables(environment, everyOption()), ...ofStores];
}

async function fillFromFiles(
  group: OptionGroup,
  values: Map<string, OptionValue>,
  sources: ReadonlyMap<string, ValueSource>,
): Promise<void> {
  const named = Object.entries(group.options).some(
    ([name, spec]) => spec.type === 'string' && spec.contentOf !== undefined && values.get(name) !== undefined,
  );
  if (named) {
    const { fillFromFiles: fill } = await import('./content-file.ts');
    await fill(group, values, sources);
  }
}

/** Throws for the group's first complaint; returns its warnings. */
function checkGroup(
  group: OptionGroup,
  found: { readonly values: Readonly<Record<string, OptionValue>>; readonly sources: ReadonlyMap<string, ValueSource> },
): readonly string[] {
  const values = found.values as ValuesOf<OptionTable>;
  const complaint = group.check?.(values);
  const spec = complaint === undefined ? undefined : group.options[complaint.option];
  if (complaint !== undefined && spec !== undefined) {
    const source = found.sources.get(spec.flag) ?? { kind: 'default' };
    throw new UsageFailure({
      action: 'use',
      object: nameAtSource(spec, source),
      found: complaint.found,
      remedy: complaint.remedy,
    });
  }
  return group.warn?.(values) ?? [];
}
