import type { CommandSpec } from './command-spec.ts';
import { checkStoreSpec } from './commands/check-store.ts';
import { compactSpec } from './commands/compact.ts';
import { copySpec } from './commands/copy.ts';
import { initializeSpec } from './commands/initialize.ts';
import { listSpec } from './commands/list.ts';
import { pruneSpec } from './commands/prune.ts';
import { restoreSpec } from './commands/restore.ts';
import { serverSpec } from './commands/server.ts';
import { snapshotSpec } from './commands/snapshot.ts';
import { statusSpec } from './commands/status.ts';
import { verifySpec } from './commands/verify.ts';

/** Every command that takes options from the table, in the order of the help text. */
export const commandSpecs: readonly CommandSpec[] = [
  snapshotSpec,
  restoreSpec,
  initializeSpec,
  compactSpec,
  copySpec,
  listSpec,
  statusSpec,
  verifySpec,
  pruneSpec,
  checkStoreSpec,
  serverSpec,
];
