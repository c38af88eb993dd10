import type { Command } from './command.ts';

/** A command as lists of commands show it. A start loads the one that is named: its options and what it does. */
export interface ListedCommand {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  load(): Promise<Command>;
}

/** Every command that takes options from the table, in the order of the help text. */
export const listedCommands: readonly ListedCommand[] = [
  {
    name: 'snapshot',
    summary: 'back up a running etcd: fulls by schedule, deltas in between',
    load: async () => (await import('./snapshot.ts')).snapshotCommand,
  },
  {
    name: 'restore',
    summary: 'build a data directory from the newest backup or an older state',
    load: async () => (await import('./restore.ts')).restoreCommand,
  },
  {
    name: 'initialize',
    summary: 'check a data directory before etcd starts, restore it when bad',
    load: async () => (await import('./initialize.ts')).initializeCommand,
  },
  {
    name: 'compact',
    summary: 'turn the newest backup into one full snapshot, history compacted',
    load: async () => (await import('./compact.ts')).compactCommand,
  },
  {
    name: 'copy',
    summary: 'copy backups from one store to another',
    load: async () => (await import('./copy.ts')).copyCommand,
  },
  {
    name: 'list',
    summary: 'show the backups in a store, and which of them restore takes',
    load: async () => (await import('./list.ts')).listCommand,
  },
  {
    name: 'status',
    summary: 'show hash, revision and size of a snapshot, db or data directory',
    load: async () => (await import('./status.ts')).statusCommand,
  },
  {
    name: 'get',
    summary: 'show the value of one key in a backup',
    load: async () => (await import('./get.ts')).getCommand,
  },
  {
    name: 'ls',
    summary: 'list the keys in a backup, with sizes and revisions',
    load: async () => (await import('./ls.ts')).lsCommand,
  },
  {
    name: 'history',
    summary: 'show every version of a key that a backup has',
    load: async () => (await import('./history.ts')).historyCommand,
  },
  {
    name: 'diff',
    summary: 'show what changed between two states of a backup, or up to now',
    load: async () => (await import('./diff.ts')).diffCommand,
  },
  {
    name: 'undelete',
    summary: 'bring back what was deleted from a running cluster',
    load: async () => (await import('./undelete.ts')).undeleteCommand,
  },
  {
    name: 'export',
    summary: 'write keys of a backup to a file or a directory',
    load: async () => (await import('./export.ts')).exportCommand,
  },
  {
    name: 'apply',
    summary: 'write an export to a running cluster, key by key',
    load: async () => (await import('./apply.ts')).applyCommand,
  },
  {
    name: 'verify',
    summary: 'prove that the backups in a store can be restored',
    load: async () => (await import('./verify.ts')).verifyCommand,
  },
  {
    name: 'fleet list',
    summary: 'show the backups of all clusters in a container',
    load: async () => (await import('./fleet-list.ts')).fleetListCommand,
  },
  {
    name: 'fleet verify',
    summary: 'prove that the backups of all clusters can be restored',
    load: async () => (await import('./fleet-verify.ts')).fleetVerifyCommand,
  },
  {
    name: 'fleet report',
    summary: 'put results of fleet verify together: a page, metrics',
    load: async () => (await import('./fleet-report.ts')).fleetReportCommand,
  },
  {
    name: 'prune',
    summary: 'show which backups are no longer wanted; --yes deletes them',
    load: async () => (await import('./prune.ts')).pruneCommand,
  },
  {
    name: 'check-store',
    summary: 'try a store before the first backup depends on it',
    load: async () => (await import('./check-store.ts')).checkStoreCommand,
  },
  {
    name: 'server',
    summary: 'run next to an etcd member: back up, check and restore over HTTP',
    load: async () => (await import('./server.ts')).serverCommand,
  },
];

/** First words of commands that have two. */
export const commandGroups: readonly { readonly name: string; readonly summary: string }[] = [
  { name: 'fleet', summary: 'look after the backups of many clusters in one container' },
];

/** Every command with its one line, in the order of the help text. */
export const commandSummaries: readonly { readonly name: string; readonly summary: string }[] = [
  ...listedCommands.map(({ name, summary }) => ({ name, summary })),
  { name: 'completion', summary: 'print a completion script for bash, zsh or fish' },
  { name: 'licenses', summary: 'print the licences of what is in this executable (--sbom)' },
  { name: 'version', summary: 'print version, commit, runtime and platform' },
];

/** The command with this name; undefined when no command that takes options has it. */
export async function commandNamed(name: string | undefined): Promise<Command | undefined> {
  return await listedCommands.find((listed) => listed.name === name)?.load();
}

/** Every command that takes options, for texts about all of them. */
export async function everyCommand(): Promise<readonly Command[]> {
  return await Promise.all(listedCommands.map(({ load }) => load()));
}
