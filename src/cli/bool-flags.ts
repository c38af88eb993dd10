import { type CommandSpec, placedOptions } from '../config/command-spec.ts';

/** Texts that are the value of a bool flag and no operand. */
const BOOL_WORD = /^(?:0|1|t|f|true|false|yes|no|on|off)$/i;

/**
 * The command line of a command with operands, in which no operand is the value of the bool flag before it: `--show-secrets KEY` becomes
 * `--show-secrets=true KEY`. A word that reads as a bool stays the value of the flag, as everywhere.
 */
export function withBoolValues(argv: readonly string[], spec: CommandSpec): readonly string[] {
  if (spec.operand === undefined) {
    return argv;
  }
  const flags = new Set(
    placedOptions(spec)
      .filter((placed) => placed.spec.type === 'bool')
      .map((placed) => `--${placed.spec.flag}`),
  );
  return argv.map((word, at) => {
    const next = argv[at + 1];
    return flags.has(word) && next !== undefined && !BOOL_WORD.test(next) ? `${word}=true` : word;
  });
}
