import type { CompletedCommand, CompletedFlag } from './model.ts';

/** A completion script for fish. */
export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap((command) => [
    `complete -c etcdbrctl -n __fish_use_subcommand -a ${command.name} -d ${quoted(command.summary)}`,
    ...operandLines(command),
    ...command.flags.map((flag) => `complete -c etcdbrctl -n ${inside(command)} ${flagArguments(flag)}`),
  ]);
  return `# fish completion for etcdbrctl
# To use it now:  etcdbrctl completion fish | source
complete -c etcdbrctl -f
${lines.join('\n')}
`;
}

function operandLines(command: CompletedCommand): readonly string[] {
  switch (command.operand.kind) {
    case 'none':
      return [];
    case 'words':
      return command.operand.words.map((word) => `complete -c etcdbrctl -n ${inside(command)} -a ${word}`);
    case 'file':
      return [`complete -c etcdbrctl -n ${inside(command)} -F`];
    default:
      return command.operand satisfies never;
  }
}

function inside(command: CompletedCommand): string {
  return `'__fish_seen_subcommand_from ${command.name}'`;
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
