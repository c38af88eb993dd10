import { commands } from './command-list.ts';

/** Every command with its one line, in the order of the help text. */
export const commandSummaries: readonly { readonly name: string; readonly summary: string }[] = [
  ...commands.map(({ spec: { name, summary } }) => ({ name, summary })),
  { name: 'completion', summary: 'print a completion script for bash, zsh or fish' },
  { name: 'version', summary: 'print version, commit, runtime and platform' },
];
