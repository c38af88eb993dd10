import { type CommandSpec, placedOptions } from '../../config/command-spec.ts';
import type { OptionSpec } from '../../config/option.ts';
import type { Command } from '../command.ts';
import { commandGroups, commandSummaries } from '../commands.ts';

/** What a flag's value is, as far as a shell can complete it. */
export type CompletedValue =
  | { readonly kind: 'none' }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' }
  | { readonly kind: 'directory' }
  | { readonly kind: 'anything' };

/** A flag as a shell completes it. */
export interface CompletedFlag {
  readonly flag: string;
  readonly short: string | undefined;
  /** One line without quotes. */
  readonly about: string;
  readonly value: CompletedValue;
}

/** What may follow a command without a flag. */
export type CompletedOperand =
  | { readonly kind: 'none' }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' };

/** A command as a shell completes it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** What may follow it without a flag. */
  readonly operand: CompletedOperand;
}

/** Every command with its flags, from the option table. `commands` are those that take options. */
export function completionModel(commands: readonly Command[]): readonly CompletedCommand[] {
  return commandSummaries.map(({ name, summary }) => {
    const spec = commands.find((command) => command.spec.name === name)?.spec;
    return {
      name,
      summary,
      flags: spec === undefined ? [] : flagsOf(spec),
      operand: operandOf(name, spec),
    };
  });
}

/** Commands of two words that have the first in common. */
export interface CompletedGroup {
  readonly group: string;
  readonly summary: string;
  readonly names: readonly { readonly name: string; readonly summary: string }[];
}

/** The first word of every command, each once. */
export function firstWords(all: readonly CompletedCommand[]): readonly string[] {
  return [...new Set(all.map(({ name }) => name.split(' ')[0] ?? ''))];
}

/** The commands of two words. */
export function groupsOf(all: readonly CompletedCommand[]): readonly CompletedGroup[] {
  return commandGroups.map(({ name: group, summary }) => ({
    group,
    summary,
    names: all
      .filter(({ name }) => name.startsWith(`${group} `))
      .map((each) => ({ name: each.name.slice(group.length + 1), summary: each.summary })),
  }));
}

function operandOf(name: string, spec: CommandSpec | undefined): CompletedOperand {
  if (name === 'completion') {
    return { kind: 'words', words: ['bash', 'zsh', 'fish'] };
  }
  return spec?.operand === undefined ? { kind: 'none' } : { kind: spec.operand.completes };
}

function flagsOf(spec: CommandSpec): readonly CompletedFlag[] {
  const flags = placedOptions(spec).map(({ spec: option }) => ({
    flag: option.flag,
    short: option.short,
    about: (option.help.split(/[.:;] /)[0] ?? '').replace(/\.$/, '').replaceAll("'", ''),
    value: completedValue(option),
  }));
  return [
    ...flags,
    { flag: 'help', short: 'h', about: 'Show the help of this command', value: { kind: 'none' } },
    { flag: 'help-all', short: undefined, about: 'Show every flag of this command', value: { kind: 'none' } },
  ];
}

function completedValue(option: OptionSpec): CompletedValue {
  if (option.type === 'bool') {
    return { kind: 'none' };
  }
  if (option.type === 'string' && option.choices !== undefined) {
    return { kind: 'words', words: option.choices };
  }
  if (option.type === 'uint32' && option.names !== undefined) {
    return { kind: 'words', words: Object.keys(option.names) };
  }
  return option.placeholder === 'file' || option.placeholder?.startsWith('path,')
    ? { kind: 'file' }
    : option.placeholder === 'dir' || option.completes === 'directory'
      ? { kind: 'directory' }
      : { kind: 'anything' };
}
