import { Option, type Command as Parser } from 'commander';
import { describeAccepted } from '../config/accepted-values.ts';
import { type CommandSpec, placedOptions } from '../config/command-spec.ts';
import { type OlderFlag, olderFlagsOf, readOlderFlag } from '../config/older-flags.ts';
import type { OptionSpec } from '../config/option.ts';
import { UsageFailure } from '../config/usage-failure.ts';

/** Texts by flag, in the order of the command line. */
export type GivenFlags = Map<string, string[]>;

/** Flags that every command has next to its options. */
export const helpFlags = ['help', 'help-all'] as const;

/**
 * Adds the flags of a command to a parser, which puts their texts into `given` as they are. Flags of older releases are
 * accepted too: those that live on under another name give that one its value, and each adds a sentence to `deprecations`.
 * Parsing throws a {@link UsageFailure} when another flag follows where a value is due.
 */
export function addFlags(
  parser: Parser,
  spec: CommandSpec,
  into: { readonly given: GivenFlags; readonly deprecations: Set<string> },
): void {
  const { given, deprecations } = into;
  const options = placedOptions(spec).map((placed) => placed.spec);
  const known = new Set(options.flatMap((option) => [option.flag, ...(option.aliases ?? [])]));
  const shorts = new Set(options.flatMap((option) => option.short ?? []));
  for (const option of options) {
    const add = (text: string): void => {
      const flag = option.type === 'bool' ? undefined : flagIn(text, { known, shorts });
      // A password may begin with anything; all else that begins with two dashes is a flag, or a misspelt one.
      if (flag !== undefined && (flag.isKnown || option.secret !== true)) {
        throw missingValue(option, flag.isKnown ? `the flag ${flag.name} follows instead` : 'a flag follows instead');
      }
      given.set(option.flag, [...(given.get(option.flag) ?? []), text]);
    };
    for (const flag of [option.flag, ...(option.aliases ?? [])]) {
      parser.addOption(flagOption(option, flag).argParser(add));
    }
  }
  for (const older of olderFlagsOf(spec)) {
    parser.addOption(
      olderOption(older).argParser((text: string) => {
        const { deprecation, flag, text: newer } = readOlderFlag(older, text);
        deprecations.add(deprecation);
        if (flag !== undefined) {
          given.set(flag, [...(given.get(flag) ?? []), newer]);
        }
      }),
    );
  }
}

function olderOption({ flag, type }: OlderFlag): Option {
  return type === 'bool' ? new Option(`--${flag} [bool]`).preset('true') : new Option(`--${flag} <value>`);
}

function flagOption(option: OptionSpec, flag: string): Option {
  const short = option.short === undefined || flag !== option.flag ? '' : `-${option.short}, `;
  return option.type === 'bool'
    ? new Option(`${short}--${flag} [bool]`).preset('true')
    : new Option(`${short}--${flag} <value>`);
}

/** The flag that a text is where a value is due, without what follows its name, which may be a password. */
function flagIn(
  text: string,
  { known, shorts }: { readonly known: ReadonlySet<string>; readonly shorts: ReadonlySet<string> },
): { readonly name: string; readonly isKnown: boolean } | undefined {
  const short = /^-([a-zA-Z])$/.exec(text)?.[1];
  if (short !== undefined && shorts.has(short)) {
    return { name: `-${short}`, isKnown: true };
  }
  const name = /^--([a-z\d-]+)(?==|$)/s.exec(text)?.[1];
  if (name !== undefined && (known.has(name) || helpFlags.some((flag) => flag === name))) {
    return { name: `--${name}`, isKnown: true };
  }
  return /^--[a-z]/i.test(text) ? { name: text, isKnown: false } : undefined;
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
