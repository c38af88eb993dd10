import { CommanderError, Command as Parser } from 'commander';
import { placedOptions } from '../config/command-spec.ts';
import { nearest } from '../config/nearest.ts';
import { UsageFailure } from '../config/usage-failure.ts';
import { addFlags, type GivenFlags, missingValue } from './arguments.ts';
import type { Command } from './command.ts';
import { commands } from './commands.ts';
import { completionScript } from './completion.ts';
import { commandHelp, rootHelp } from './help.ts';
import type { Host } from './host.ts';
import { takeOperand } from './leftovers.ts';
import { versionLines } from './version.ts';

/**
 * Finds the command, reads its flags and runs it.
 * Throws a {@link UsageFailure} when the command line cannot be understood.
 */
export async function runProgram(host: Host): Promise<void> {
  let written = Promise.resolve();
  // The parser does not wait for what it prints.
  const print = (text: string): void => {
    written = written.then(() => host.stdout.write(text));
  };
  try {
    await rootParser(host, print).parseAsync([...host.argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      throw error;
    }
    if (error.exitCode !== 0) {
      throw translated(error);
    }
  } finally {
    written.catch(() => undefined);
  }
  await written;
}

function rootParser(host: Host, print: (text: string) => void): Parser {
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
    .action(() => refuseRoot(root));
  for (const command of commands) {
    addCommand(root, command, host);
  }
  root
    .command('completion')
    .argument('[shell]')
    .allowExcessArguments()
    .allowUnknownOption()
    .configureHelp({ formatHelp: () => rootHelp() })
    .action((shell: string | undefined) => print(completionScript(shell)));
  root
    .command('version')
    .allowExcessArguments()
    .allowUnknownOption()
    .configureHelp({ formatHelp: () => rootHelp() })
    .action(() => print(`${versionLines().join('\n')}\n`));
  root
    .command('help')
    .argument('[command]')
    .allowExcessArguments()
    .allowUnknownOption()
    .configureHelp({ formatHelp: () => rootHelp() })
    .action((word: string | undefined) => print(helpAbout(word, namesOf(root))));
  return root;
}

function addCommand(root: Parser, command: Command, host: Host): void {
  const given: GivenFlags = new Map();
  const parser = root.command(command.spec.name);
  parser
    .configureHelp({ formatHelp: () => commandHelp(command.spec) })
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async () => {
      const operand = takeOperand(command.spec, { words: parser.args, argv: host.argv });
      await command.execute({ flags: given, operand }, host);
    });
  // There are hundreds of flags; those of other commands are not needed.
  if (host.argv.includes(command.spec.name)) {
    addFlags(parser, command.spec, given);
  }
}

/** The command line names no command. */
function refuseRoot(root: Parser): never {
  const names = namesOf(root);
  const [word] = root.args;
  if (word === undefined) {
    throw new UsageFailure({
      action: 'run',
      object: 'etcdbrctl',
      found: 'no command is given',
      remedy: `give one of ${names.join(', ')}, or see etcdbrctl --help`,
    });
  }
  if (word.startsWith('-')) {
    throw new UsageFailure({
      action: 'use',
      object: word.replace(/=.*$/s, ''),
      found: 'it comes before a command',
      remedy: 'give the command first: etcdbrctl COMMAND FLAGS',
    });
  }
  throw unknownCommand(word, names);
}

function namesOf(root: Parser): readonly string[] {
  return root.commands.map((command) => command.name());
}

/** The help of a command, or of the program. Throws a {@link UsageFailure} for a word that is no command. */
function helpAbout(word: string | undefined, names: readonly string[]): string {
  const found = commands.find(({ spec }) => spec.name === word);
  if (word !== undefined && !names.includes(word)) {
    throw unknownCommand(word, names);
  }
  return found === undefined ? rootHelp() : commandHelp(found.spec);
}

function unknownCommand(word: string, names: readonly string[]): UsageFailure {
  const meant = nearest(word, names);
  return new UsageFailure({
    action: 'run',
    object: JSON.stringify(word),
    found: 'there is no such command',
    remedy: `${meant === undefined ? '' : `did you mean ${meant}? `}see etcdbrctl --help`,
  });
}

/** The one error that the parser finds by itself: a command line that ends before the value of a flag. */
function translated(error: CommanderError): Error {
  const flag = /--([a-z\d-]+)/.exec(error.message)?.[1];
  const option = commands
    .flatMap(({ spec }) => placedOptions(spec))
    .map(({ spec }) => spec)
    .find((spec) => spec.flag === flag || spec.aliases?.includes(flag ?? ''));
  return error.code === 'commander.optionMissingArgument' && option !== undefined
    ? missingValue(option, 'the command line ends there')
    : error;
}
