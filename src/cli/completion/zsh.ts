import { type CompletedCommand, type CompletedFlag, type CompletedGroup, groupsOf } from './model.ts';

/** A completion script for zsh. */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const groups = groupsOf(commands);
  return `#compdef etcdbrctl
# zsh completion for etcdbrctl
# To use it now:  source <(etcdbrctl completion zsh)
_etcdbrctl() {
  local -a commands
  commands=(
${[
  ...commands.filter(({ name }) => !name.includes(' ')),
  ...groups.map(({ group, summary }) => ({ name: group, summary })),
]
  .map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`)
  .join('\n')}
    'help:explain a command'
  )
  if ((CURRENT == 2)); then
    _describe -t commands command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  ((CURRENT--))
${groups.map(nested).join('')}  case "$command" in
    help) _describe -t commands command commands ;;
${commands.map(commandCase).join('\n')}
  esac
}
if [ "$funcstack[1]" = "_etcdbrctl" ]; then
  _etcdbrctl "$@"
else
  # Completion has to be switched on before; a plain zsh has not done it.
  if ! whence compdef >/dev/null; then autoload -Uz compinit && compinit -u; fi
  compdef _etcdbrctl etcdbrctl
fi
`;
}

/** The second word of a command that has two. */
function nested({ group, names }: CompletedGroup): string {
  return `  if [[ "$command" == ${group} ]]; then
    if ((CURRENT == 2)); then
      local -a nested
      nested=(${names.map(({ name, summary }) => quoted(`${name}:${summary}`)).join(' ')})
      _describe -t commands command nested
      return
    fi
    command="${group} \${words[2]}"
    shift words
    ((CURRENT--))
  fi
`;
}

function commandCase(command: CompletedCommand): string {
  const specs = [...command.flags.flatMap(flagSpecs), ...operandSpec(command)];
  return `    "${command.name}")
      _arguments -S${specs.map((spec) => ` \\\n        ${spec}`).join('')}
      ;;`;
}

function operandSpec({ operand }: CompletedCommand): readonly string[] {
  switch (operand.kind) {
    case 'none':
      return [];
    case 'words':
      return [quoted(`1:word:(${operand.words.join(' ')})`)];
    case 'file':
      return [quoted('1:file:_files')];
    default:
      return operand satisfies never;
  }
}

function flagSpecs(flag: CompletedFlag): readonly string[] {
  const about = flag.about.replace(/[[\]:\\]/g, '\\$&');
  const action = actionFor(flag);
  const long = `--${flag.flag}${action === undefined ? '' : '='}[${about}]${action ?? ''}`;
  return flag.short === undefined ? [quoted(long)] : [quoted(long), quoted(`-${flag.short}[${about}]${action ?? ''}`)];
}

function actionFor(flag: CompletedFlag): string | undefined {
  switch (flag.value.kind) {
    case 'none':
      return undefined;
    case 'words':
      return `:value:(${flag.value.words.join(' ')})`;
    case 'file':
      return ':file:_files';
    case 'directory':
      return ':directory:_files -/';
    case 'anything':
      return ':value: ';
    default:
      return flag.value satisfies never;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
