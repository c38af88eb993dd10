import { CommanderError, Command as Parser } from 'commander';
import { placedOptions } from '../config/command-spec.ts';
import { UsageFailure } from '../config/usage-failure.ts';
import { nearestWord } from '../runtime/nearest-word.ts';
import { addFlags, type GivenFlags, missingValue } from './arguments.ts';
import { withBoolValues } from './bool-flags.ts';
import type { Command } from './command.ts';
import { commandGroups, commandNamed, commandSummaries } from './commands.ts';
import { commandHelp, groupHelp, rootHelp } from './help.ts';
import type { Host } from './host.ts';
import { type PlainCommand, plainCommands } from './plain-commands.ts';
import { hasSubcommands, joinSubcommand, subcommandsOf } from './subcommands.ts';
import { refuseArgument, shownFlag, takeOperands } from './take-operands.ts';
import { versionLines } from './version.ts';
import { meantCommand } from './words-of-other-tools.ts';

/** Asks for the help of every flag. */
const allFlags = '--help-all';

/**
 * Finds the command, reads its flags and runs it.
 * Throws a {@link UsageFailure} when the command line cannot be understood.
 */
export async function runProgram(host: Host): Promise<void> {
  const named = joinSubcommand(host.argv);
  const command = await commandNamed(named[named[0] === '--' ? 1 : 0]);
  let written = Promise.resolve();
  // The parser does not wait for what it prints.
  const print = (text: string): void => {
    written = written.then(() => host.stdout.write(text));
  };
  try {
    const argv = command === undefined ? named : withBoolValues(named, command.spec);
    await rootParser({ host, print, command }).parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      throw error;
    }
    if (error.exitCode !== 0) {
      throw translated(error, command);
    }
  } finally {
    written.catch(() => undefined);
  }
  await written;
}

/** What a parser is made for. */
interface ParserParts {
  readonly host: Host;
  /** Writes to stdout. */
  readonly print: (text: string) => void;
  /** The one that is named; the parser need not know the others. */
  readonly command: Command | undefined;
}

function rootParser({ host, print, command }: ParserParts): Parser {
  const root = new Parser('etcdbrctl');
  root
    .exitOverride()
    .configureOutput({
      writeOut: print,
      writeErr: print,
      outputError: () => undefined,
    })
    .configureHelp({ formatHelp: () => rootHelp() })
    .enablePositionalOptions()
    .allowUnknownOption()
    .allowExcessArguments()
    .version(versionLines().join('\n'), '-v, --version')
    .helpCommand(false)
    .action(() => print(helpWithoutCommand(root.args)));
  if (command !== undefined) {
    addCommand(root, command, { host, print });
  }
  for (const plain of plainCommands) {
    addPlain(root, { ...plain, formatHelp: () => plain.help }, print);
  }
  for (const { name } of commandGroups) {
    addPlain(root, { name, formatHelp: () => groupHelp(name), run: (words) => helpInGroup(name, words) }, print);
  }
  addPlain(root, { name: 'help', formatHelp: rootHelp, run: helpAbout }, print);
  return root;
}

function addCommand(root: Parser, command: Command, { host, print }: Pick<ParserParts, 'host' | 'print'>): void {
  const given: GivenFlags = new Map();
  const deprecations = new Set<string>();
  // Not `command()`, which takes the second word of a name for an argument.
  const parser = root.createCommand(command.spec.name).copyInheritedSettings(root);
  root.addCommand(parser);
  parser
    .configureHelp({ formatHelp: () => commandHelp(command.spec, 'common') })
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async () => {
      if (parser.args.includes(allFlags)) {
        print(commandHelp(command.spec, 'all'));
        return;
      }
      const operands = takeOperands(command.spec, { words: parser.args, argv: host.argv });
      await command.execute({ flags: given, operands, deprecations: [...deprecations] }, host);
    });
  addFlags(parser, command.spec, { given, deprecations });
}

function addPlain(
  root: Parser,
  command: Pick<PlainCommand, 'name' | 'run'> & { formatHelp(): string },
  print: (text: string) => void,
): void {
  const parser = root.command(command.name);
  parser
    .configureHelp({ formatHelp: () => command.formatHelp() })
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async () => print(await command.run(parser.args)));
}

/** The help of the program for a command line without a command; throws when something else is in its place. */
function helpWithoutCommand([word]: readonly string[]): string {
  if (word === undefined || word === allFlags) {
    return rootHelp();
  }
  if (/^-+h(elp)?$/i.test(word)) {
    throw new UsageFailure({
      action: 'use',
      object: word,
      found: 'there is no such flag',
      remedy: 'did you mean --help?',
    });
  }
  if (word.startsWith('-')) {
    throw new UsageFailure({
      action: 'use',
      object: shownFlag(word),
      found: 'it comes before a command',
      remedy: 'give the command first: etcdbrctl COMMAND FLAGS',
    });
  }
  throw unknownCommand(word);
}

/** The help of commands with the same first word; throws a {@link UsageFailure} when another word follows. */
function helpInGroup(group: string, [word]: readonly string[]): string {
  if (word === undefined || word === allFlags) {
    return groupHelp(group);
  }
  const meant = nearestWord(word, subcommandsOf(group));
  throw new UsageFailure({
    action: 'run',
    object: group,
    found: word.startsWith('-')
      ? `its command comes before the flags: ${subcommandsOf(group).join(', ')}`
      : `there is no such command in it: ${subcommandsOf(group).join(', ')}`,
    remedy: `${meant === undefined ? '' : `did you mean ${group} ${meant}? `}see etcdbrctl ${group} --help`,
  });
}

/** The help of a command, or of the program. Throws a {@link UsageFailure} for a word that is no command. */
async function helpAbout(words: readonly string[]): Promise<string> {
  const detail = words.includes(allFlags) ? 'all' : 'common';
  const [word, ...more] = joinSubcommand(words.filter((each) => each !== allFlags));
  if (hasSubcommands(word)) {
    return helpInGroup(word, more);
  }
  refuseArgument('help', more, 'it takes one command');
  const found = await commandNamed(word);
  const plain = plainCommands.find(({ name }) => name === word);
  if (word !== undefined && word !== 'help' && found === undefined && plain === undefined) {
    throw unknownCommand(word);
  }
  return found !== undefined ? commandHelp(found.spec, detail) : (plain?.help ?? rootHelp());
}

/** A word that is no command. It is quoted only when it is like a word: it may be the value of a flag that went astray. */
function unknownCommand(word: string): UsageFailure {
  const meant = meantCommand(word) ?? nearestWord(word, [...commandSummaries.map(({ name }) => name), 'help']);
  return new UsageFailure({
    action: 'run',
    object: /^[a-z][a-z-]{0,30}$/i.test(word) ? JSON.stringify(word) : 'the command line',
    found: word.trim() === '' ? 'the command is an empty text; is a variable empty?' : 'there is no such command',
    remedy: `${meant === undefined ? '' : `did you mean ${meant}? `}see etcdbrctl --help`,
  });
}

/** The one error that the parser finds by itself: a command line that ends before the value of a flag. */
function translated(error: CommanderError, command: Command | undefined): Error {
  const flag = /--([a-z\d-]+)/.exec(error.message)?.[1];
  const option = (command === undefined ? [] : placedOptions(command.spec))
    .map(({ spec }) => spec)
    .find((spec) => spec.flag === flag || spec.aliases?.includes(flag ?? ''));
  return error.code === 'commander.optionMissingArgument' && option !== undefined
    ? missingValue(option, 'the command line ends there')
    : error;
}
