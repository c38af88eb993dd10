import { commandGroups, listedCommands } from './commands.ts';

/** The words after the first one of the commands that have two: `list` of `fleet list`. */
export function subcommandsOf(group: string): readonly string[] {
  return listedCommands.flatMap(({ name }) => (name.startsWith(`${group} `) ? name.slice(group.length + 1) : []));
}

/** Whether a word is the first of commands that have two. */
export function hasSubcommands(word: string | undefined): word is string {
  return commandGroups.some(({ name }) => name === word);
}

/** A command line, or the words after `help`, in which a command of two words is one: `fleet list`. */
export function joinSubcommand(argv: readonly string[]): readonly string[] {
  const [group, name, ...rest] = argv;
  return hasSubcommands(group) && name !== undefined && subcommandsOf(group).includes(name)
    ? [`${group} ${name}`, ...rest]
    : argv;
}
