import { type CompletedCommand, type CompletedFlag, type CompletedGroup, groupsOf } from './model.ts';

/** A completion script for fish. */
export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const groups = groupsOf(commands);
  const inside = (command: CompletedCommand): string => condition(command, groups);
  const lines = [
    ...groups.flatMap(groupLines),
    ...commands.flatMap((command) => [
      ...(command.name.includes(' ')
        ? []
        : [`complete -c etcdbrctl -n __fish_use_subcommand -a ${command.name} -d ${quoted(command.summary)}`]),
      ...operandLines(command, inside(command)),
      ...command.flags.map((flag) => `complete -c etcdbrctl -n ${inside(command)} ${flagArguments(flag)}`),
    ]),
  ];
  return `# fish completion for etcdbrctl
# To use it now:  etcdbrctl completion fish | source
complete -c etcdbrctl -f
${lines.join('\n')}
`;
}

function groupLines({ group, summary, names }: CompletedGroup): readonly string[] {
  const words = names.map(({ name }) => name).join(' ');
  const open = `'__fish_seen_subcommand_from ${group}; and not __fish_seen_subcommand_from ${words}'`;
  return [
    `complete -c etcdbrctl -n __fish_use_subcommand -a ${group} -d ${quoted(summary)}`,
    ...names.map((each) => `complete -c etcdbrctl -n ${open} -a ${each.name} -d ${quoted(each.summary)}`),
  ];
}

/** When what belongs to a command is offered: not where its name is the second word of another. */
function condition({ name }: CompletedCommand, groups: readonly CompletedGroup[]): string {
  const seen = name.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
  const others = groups
    .filter(({ names }) => names.some((each) => each.name === name))
    .map(({ group }) => `not __fish_seen_subcommand_from ${group}`);
  return `'${[...seen, ...others].join('; and ')}'`;
}

function operandLines(command: CompletedCommand, inside: string): readonly string[] {
  switch (command.operand.kind) {
    case 'none':
      return [];
    case 'words':
      return command.operand.words.map((word) => `complete -c etcdbrctl -n ${inside} -a ${word}`);
    case 'file':
      return [`complete -c etcdbrctl -n ${inside} -F`];
    default:
      return command.operand satisfies never;
  }
}

function flagArguments(flag: CompletedFlag): string {
  const short = flag.short === undefined ? '' : `-s ${flag.short} `;
  return `${short}-l ${flag.flag} ${valueArguments(flag)}-d ${quoted(flag.about)}`;
}

function valueArguments(flag: CompletedFlag): string {
  switch (flag.value.kind) {
    case 'none':
      return '';
    case 'words':
      return `-x -a ${quoted(flag.value.words.join(' '))} `;
    case 'file':
      return '-r -F ';
    case 'directory':
      return "-x -a '(__fish_complete_directories)' ";
    case 'anything':
      return '-x ';
    default:
      return flag.value satisfies never;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
