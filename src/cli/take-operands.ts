import { checkNameOrPath } from '../config/check-name-or-path.ts';
import { type CommandSpec, type Operand, placedOptions } from '../config/command-spec.ts';
import { UsageFailure } from '../config/usage-failure.ts';
import { nearestWord } from '../runtime/nearest-word.ts';
import { helpFlags } from './arguments.ts';
import { meantByWord, meantFlags } from './words-of-other-tools.ts';

/** The arguments that are no flags of the command, and the command line they are from. */
export interface UnparsedArguments {
  readonly words: readonly string[];
  readonly argv: readonly string[];
}

/**
 * The operands among the arguments that are no flags of the command, at most as many as it takes.
 * Throws a {@link UsageFailure} for any other argument. None is shown that may be a password: the value of a flag that was
 * written without its quotes ends up here.
 */
export function takeOperands(spec: CommandSpec, { words, argv }: UnparsedArguments): readonly string[] {
  const most = spec.operand === undefined ? 0 : (spec.operand.count?.most ?? 1);
  const places = [...words.keys()].filter((at) => isOperand(words[at] ?? '')).slice(0, most);
  const taken = words.filter((_, at) => places.includes(at));
  const [first] = words.filter((_, at) => !places.includes(at));
  if (first !== undefined) {
    throw first.startsWith('-') && first !== '-'
      ? unknownFlag(spec, first)
      : unexpectedWord(spec, { word: first, place: argv.lastIndexOf(first) + 1 });
  }
  if (taken.some((word) => word.trim() === '')) {
    throw new UsageFailure({
      action: 'run',
      object: spec.name,
      found: `${spec.operand?.placeholder} is given without a value`,
      remedy: 'is a variable empty?',
    });
  }
  if (taken.some((word) => word.includes('\ufffd'))) {
    throw new UsageFailure({
      action: 'run',
      object: spec.name,
      found: `${spec.operand?.placeholder} holds bytes that are no UTF-8`,
      remedy: spec.operand?.completes === 'none' ? 'give them with --hex' : 'rename it, or make a link to it',
    });
  }
  if (spec.operand?.completes === 'file') {
    refuseWrongPlace(spec.operand, taken);
  }
  return taken;
}

/** A file that no option names is held to the same as one that does. The text is not shown: it may hold a password. */
function refuseWrongPlace({ placeholder }: Operand, words: readonly string[]): void {
  for (const word of words) {
    const refusal = checkNameOrPath(word, 'file');
    if (refusal !== undefined) {
      const { wrong, remedy } = refusal;
      throw new UsageFailure({ action: 'use', object: placeholder, found: wrong, ...(remedy && { remedy }) });
    }
  }
}

function isOperand(word: string): boolean {
  return !word.startsWith('-') || word === '-';
}

/** Throws a {@link UsageFailure} when a command without options is given something more. */
export function refuseArgument(command: string, [word]: readonly string[], takes: string): void {
  if (word !== undefined) {
    throw new UsageFailure({
      action: 'use',
      object: word.startsWith('-') ? shownFlag(word) : 'an argument',
      found: `${command} does not take it, ${takes}`,
      remedy: `see etcdbrctl ${command} --help`,
    });
  }
}

function unexpectedWord(
  spec: CommandSpec,
  { word, place }: { readonly word: string; readonly place: number },
): UsageFailure {
  const help = `see etcdbrctl ${spec.name} --help`;
  const meant = meantByWord(spec.name, word);
  const hint = meant === undefined ? '' : `did you mean ${meant}? Otherwise: `;
  return new UsageFailure({
    action: 'use',
    object: `argument ${place} of the command line`,
    found:
      spec.operand === undefined
        ? `${spec.name} takes only flags`
        : `${spec.name} takes ${(spec.operand.count?.most ?? 1) === 1 ? 'one' : 'only'} ${spec.operand.placeholder}`,
    remedy: `${hint}a value with blanks needs quotes; ${help}`,
  });
}

function unknownFlag(spec: CommandSpec, word: string): UsageFailure {
  const flags = new Set(placedOptions(spec).map((placed) => placed.spec.flag));
  const name = /^-+([a-z\d-]*)/i.exec(word)?.[1] ?? '';
  if (namesOperand(spec, name)) {
    return new UsageFailure({
      action: 'use',
      object: `--${name}`,
      found: `${spec.name} has no such flag`,
      remedy: `give it without one, after the flags: etcdbrctl ${spec.name} ${spec.operand?.placeholder}`,
    });
  }
  const known = meantFlags(name, flags);
  const near = known.length > 0 ? undefined : nearestWord(name, [...flags, ...helpFlags]);
  const meant = near === undefined ? known.join(' and ') : `--${near}`;
  const help = `see etcdbrctl ${spec.name} --help`;
  return new UsageFailure({
    action: 'use',
    object: shownFlag(word, { isSimilar: meant !== '' }),
    found: `${spec.name} has no such flag`,
    remedy: meant === '' ? help : `did you mean ${meant}? ${help}`,
  });
}

/** Whether a name is what the command takes without a flag: `--prefix` of a command that takes `PREFIX...`. */
function namesOperand({ operand }: CommandSpec, name: string): boolean {
  const words = operand?.placeholder.toLowerCase().split(/[^a-z]+/) ?? [];
  return name !== '' && words.includes(name.toLowerCase());
}

/**
 * A flag as it may be shown: its name, without a value. What is glued to a short flag may be a password, as in `-pSECRET`, and so
 * may a long word with digits.
 */
export function shownFlag(word: string, { isSimilar } = { isSimilar: false }): string {
  const name = /^--?[a-z][a-z-]*(?=[=:]|$)/i.exec(word)?.[0];
  if (name !== undefined && (isSimilar || name.startsWith('--') || name.length === 2)) {
    return name;
  }
  return /^-[a-z]/i.test(word) ? `${word.slice(0, 2)}…` : 'a flag';
}
