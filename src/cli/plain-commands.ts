import { UsageFailure } from '../config/usage-failure.ts';
import { refuseArgument } from './take-operands.ts';
import { versionData, versionLines } from './version.ts';

/** A command without options of the table: it only prints. */
export interface PlainCommand {
  readonly name: string;
  readonly help: string;
  /** The text for stdout. Throws a {@link UsageFailure} for arguments that it does not take. */
  run(words: readonly string[]): string | Promise<string>;
}

/** `completion`, `licenses` and `version`. */
export const plainCommands: readonly PlainCommand[] = [
  {
    name: 'completion',
    help: `Usage: etcdbrctl completion bash|zsh|fish

Prints a script that completes commands, flags and values.

  source <(etcdbrctl completion bash)     bash, for this session
  source <(etcdbrctl completion zsh)      zsh, for this session
  etcdbrctl completion fish | source      fish, for this session

To keep it, write the script into a file that the shell reads when it starts.
`,
    run: async ([shell, ...more]) => {
      refuseArgument('completion', more, 'it takes one shell');
      const { completionScript } = await import('./completion.ts');
      return await completionScript(shell);
    },
  },
  {
    name: 'licenses',
    help: `Usage: etcdbrctl licenses [--sbom]

Prints the licences of all that is in the executable; with --sbom the bill of
materials, as CycloneDX JSON.
`,
    run: async ([flag, ...more]) => {
      if (flag !== '--sbom') {
        refuseArgument('licenses', flag === undefined ? [] : [flag], 'it takes only --sbom');
      }
      refuseArgument('licenses', more, 'it takes only --sbom');
      const { licenses } = await import('./licenses.ts');
      return licenses(flag === undefined ? 'text' : 'sbom');
    },
  },
  {
    name: 'version',
    help: `Usage: etcdbrctl version [-o text|json]

Prints version, commit, runtime and platform.
`,
    run: (words) => {
      const format = outputFormat(words);
      return format === 'json' ? `${JSON.stringify(versionData())}\n` : `${versionLines().join('\n')}\n`;
    },
  },
];

function outputFormat(words: readonly string[]): 'text' | 'json' {
  const [first, ...rest] = words;
  if (first === undefined) {
    return 'text';
  }
  const glued = /^(?:-o|--output=|-o=)(.+)$/.exec(first)?.[1];
  const isFlag = first === '-o' || first === '--output';
  const value = isFlag ? rest[0] : glued;
  refuseArgument('version', isFlag ? rest.slice(1) : glued === undefined ? words : rest, 'it takes only --output');
  if (value !== 'text' && value !== 'json') {
    throw new UsageFailure({
      action: 'use',
      object: '--output',
      found: value === undefined ? 'its value is missing' : 'it is none of those',
      remedy: 'accepted: text or json',
    });
  }
  return value;
}
