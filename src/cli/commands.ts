import { applyCommand } from './apply.ts';
import { checkStoreCommand } from './check-store.ts';
import type { Command } from './command.ts';
import { compactCommand } from './compact.ts';
import { copyCommand } from './copy.ts';
import { diffCommand } from './diff.ts';
import { exportCommand } from './export.ts';
import { fleetListCommand } from './fleet-list.ts';
import { fleetReportCommand } from './fleet-report.ts';
import { fleetVerifyCommand } from './fleet-verify.ts';
import { getCommand } from './get.ts';
import { historyCommand } from './history.ts';
import { initializeCommand } from './initialize.ts';
import { listCommand } from './list.ts';
import { lsCommand } from './ls.ts';
import { pruneCommand } from './prune.ts';
import { restoreCommand } from './restore.ts';
import { serverCommand } from './server.ts';
import { snapshotCommand } from './snapshot.ts';
import { statusCommand } from './status.ts';
import { undeleteCommand } from './undelete.ts';
import { verifyCommand } from './verify.ts';

/** Every command that takes options from the table. */
export const commands: readonly Command[] = [
  snapshotCommand,
  restoreCommand,
  initializeCommand,
  compactCommand,
  copyCommand,
  listCommand,
  statusCommand,
  getCommand,
  lsCommand,
  historyCommand,
  diffCommand,
  undeleteCommand,
  exportCommand,
  applyCommand,
  verifyCommand,
  fleetListCommand,
  fleetVerifyCommand,
  fleetReportCommand,
  pruneCommand,
  checkStoreCommand,
  serverCommand,
];

/** First words of commands that have two. */
export const commandGroups: readonly { readonly name: string; readonly summary: string }[] = [
  { name: 'fleet', summary: 'look after the backups of many clusters in one container' },
];

/** Every command with its one line, in the order of the help text. */
export const commandSummaries: readonly { readonly name: string; readonly summary: string }[] = [
  ...commands.map(({ spec: { name, summary } }) => ({ name, summary })),
  { name: 'completion', summary: 'print a completion script for bash, zsh or fish' },
  { name: 'licenses', summary: 'print the licences of what is in this executable (--sbom)' },
  { name: 'version', summary: 'print version, commit, runtime and platform' },
];
