import { type CompletedCommand, type CompletedFlag, type CompletedGroup, firstWords, groupsOf } from './model.ts';

/** A completion script for bash 4 and newer, without the bash-completion package. */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const names = firstWords(commands).join(' ');
  const groups = groupsOf(commands);
  return `# bash completion for etcdbrctl
# To use it now:  source <(etcdbrctl completion bash)
_etcdbrctl() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="" command="\${COMP_WORDS[1]}" words=""
  if ((COMP_CWORD > 0)); then before="\${COMP_WORDS[COMP_CWORD - 1]}"; fi
  # The shell takes --flag=value apart at the equals sign.
  if [[ "$word" == "=" ]]; then
    word=""
  elif [[ "$before" == "=" ]]; then
    before="\${COMP_WORDS[COMP_CWORD - 2]}"
  fi
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "${names} help --help --version" -- "$word"))
    return
  fi
${groups.map(nested).join('')}  case "$command:$before" in
${commands.flatMap(valueCases).join('\n')}
  esac
  case "$command" in
    help) words="${names}" ;;
${commands.map((command) => `    "${command.name}") words="${wordsOf(command)}" ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
${commands
  .filter(({ operand }) => operand.kind === 'file')
  .map(fileOperand)
  .join('\n')}
}
complete -F _etcdbrctl etcdbrctl
`;
}

/** The second word of a command that has two. */
function nested({ group, names }: CompletedGroup): string {
  return `  if [[ "$command" == ${group} ]]; then
    if ((COMP_CWORD == 2)); then
      COMPREPLY=($(compgen -W "${names.map(({ name }) => name).join(' ')}" -- "$word"))
      return
    fi
    command="${group} \${COMP_WORDS[2]}"
  fi
`;
}

/** Files next to the flags, where no flag has begun. */
function fileOperand({ name }: CompletedCommand): string {
  return `  if [[ "$command" == "${name}" && "$word" != -* ]]; then compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); fi`;
}

function wordsOf(command: CompletedCommand): string {
  const words = command.operand.kind === 'words' ? command.operand.words : [];
  return [...words, ...command.flags.map(({ flag }) => `--${flag}`)].join(' ');
}

function valueCases(command: CompletedCommand): readonly string[] {
  return command.flags.flatMap((flag) => {
    const reply = replyFor(flag);
    const patterns = [`--${flag.flag}`, ...(flag.short === undefined ? [] : [`-${flag.short}`])];
    return reply === undefined
      ? []
      : [`    ${patterns.map((pattern) => `"${command.name}:${pattern}"`).join('|')}) ${reply}; return ;;`];
  });
}

function replyFor(flag: CompletedFlag): string | undefined {
  switch (flag.value.kind) {
    case 'none':
      return undefined;
    case 'words':
      return `COMPREPLY=($(compgen -W "${flag.value.words.join(' ')}" -- "$word"))`;
    case 'file':
      return 'compopt -o filenames; COMPREPLY=($(compgen -f -- "$word"))';
    case 'directory':
      return 'compopt -o filenames; COMPREPLY=($(compgen -d -- "$word"))';
    case 'anything':
      return 'COMPREPLY=()';
    default:
      return flag.value satisfies never;
  }
}
