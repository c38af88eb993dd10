import { checkStoreCommand } from './check-store.ts';
import type { Command } from './command.ts';
import { compactCommand } from './compact.ts';
import { copyCommand } from './copy.ts';
import { initializeCommand } from './initialize.ts';
import { listCommand } from './list.ts';
import { pruneCommand } from './prune.ts';
import { restoreCommand } from './restore.ts';
import { serverCommand } from './server.ts';
import { snapshotCommand } from './snapshot.ts';
import { statusCommand } from './status.ts';
import { verifyCommand } from './verify.ts';

export type { Command } from './command.ts';

/** Every command that takes options from the table. */
export const commands: readonly Command[] = [
  snapshotCommand,
  restoreCommand,
  initializeCommand,
  compactCommand,
  copyCommand,
  listCommand,
  statusCommand,
  verifyCommand,
  pruneCommand,
  checkStoreCommand,
  serverCommand,
];
