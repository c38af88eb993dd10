import { Option, type Command as Parser } from 'commander';
import { describeAccepted } from '../config/accepted-values.ts';
import { type CommandSpec, placedOptions } from '../config/command-spec.ts';
import { nearest } from '../config/nearest.ts';
import type { OptionSpec } from '../config/option.ts';
import { UsageFailure } from '../config/usage-failure.ts';

/** Texts by flag, in the order of the command line. */
export type GivenFlags = Map<string, string[]>;

/**
 * Adds the flags of a command to a parser, which puts their texts into `given` as they are.
 * Parsing throws a {@link UsageFailure} when another flag follows where a value is due.
 */
export function addFlags(parser: Parser, spec: CommandSpec, given: GivenFlags): void {
  const options = placedOptions(spec).map((placed) => placed.spec);
  const flags = new Set(options.flatMap((option) => [option.flag, ...(option.aliases ?? [])]));
  for (const option of options) {
    const add = (text: string): void => {
      if (option.type !== 'bool' && isFlagOf(flags, text)) {
        throw missingValue(option, `the flag ${text} follows instead`);
      }
      given.set(option.flag, [...(given.get(option.flag) ?? []), text]);
    };
    for (const flag of [option.flag, ...(option.aliases ?? [])]) {
      parser.addOption(flagOption(option, flag).argParser(add));
    }
  }
}

function flagOption(option: OptionSpec, flag: string): Option {
  const short = option.short === undefined || flag !== option.flag ? '' : `-${option.short}, `;
  return option.type === 'bool'
    ? new Option(`${short}--${flag} [bool]`).preset('true')
    : new Option(`${short}--${flag} <value>`);
}

function isFlagOf(flags: ReadonlySet<string>, text: string): boolean {
  const match = /^--([a-z\d-]+)(=.*)?$/s.exec(text);
  return match?.[1] !== undefined && flags.has(match[1]);
}

/** The failure of a flag without the value it needs. */
export function missingValue(option: OptionSpec, found: string): UsageFailure {
  return new UsageFailure({
    action: 'use',
    object: `--${option.flag}`,
    found: `its value is missing, ${found}`,
    remedy: `accepted: ${describeAccepted(option)}`,
  });
}

/**
 * The operand among the arguments that are no flags of the command; undefined when there is none.
 * Throws a {@link UsageFailure} for any other argument.
 */
export function takeOperand(spec: CommandSpec, leftovers: readonly string[]): string | undefined {
  const taken = spec.operand === undefined ? undefined : leftovers.find((argument) => !argument.startsWith('-'));
  const others = taken === undefined ? leftovers : leftovers.toSpliced(leftovers.indexOf(taken), 1);
  refuseLeftovers(spec, others);
  return taken;
}

function refuseLeftovers(spec: CommandSpec, leftovers: readonly string[]): void {
  const help = `see etcdbrctl ${spec.name} --help`;
  const [first] = leftovers;
  if (first === undefined) {
    return;
  }
  if (!first.startsWith('-')) {
    throw new UsageFailure({
      action: 'use',
      object: JSON.stringify(first),
      found:
        spec.operand === undefined
          ? `${spec.name} takes only flags`
          : `${spec.name} takes one ${spec.operand.placeholder}`,
      remedy: help,
    });
  }
  const flag = first.replace(/=.*$/s, '');
  const meant = nearest(
    flag.replace(/^-+/, ''),
    placedOptions(spec).map((placed) => placed.spec.flag),
  );
  throw new UsageFailure({
    action: 'use',
    object: flag,
    found: `${spec.name} has no such flag`,
    remedy: meant === undefined ? help : `did you mean --${meant}? ${help}`,
  });
}
