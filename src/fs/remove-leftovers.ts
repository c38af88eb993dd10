import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { isRunning, ownIdentity } from '../runtime/process/process-identity.ts';
import { othersCanReplace } from './others-can-replace.ts';
import { removeTree } from './remove-tree.ts';
import { deadAfterMs, deadAfterWithoutTouchesMs } from './scratch-life.ts';
import { type ScratchOwner, scratchOwner } from './scratch-name.ts';

/**
 * Removes the temporary files and directories that killed runs have left in `directory`: those with our names that belong to our user
 * and whose process does not run any more. Those of other containers and machines are left alone until nobody has touched them for a
 * while. Nothing is removed in a directory where others could exchange it. Never fails: what cannot be removed stays. `now` is in ms since the epoch.
 */
export async function removeLeftovers(directory: string, now = Date.now()): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  const scratch = names.flatMap((name) => {
    const owner = scratchOwner(name);
    return owner === undefined ? [] : [{ entry: path.join(directory, name), owner }];
  });
  if (scratch.length === 0 || (await othersCanReplace(directory))) {
    return;
  }
  for (const { entry, owner } of scratch) {
    if (await isDead(entry, owner, now)) {
      await removeTree(entry).catch(() => undefined);
    }
  }
}

/** Whether its process has ended; false when it is not ours, or gone. */
async function isDead(entry: string, owner: ScratchOwner, now: number): Promise<boolean> {
  const facts = await lstat(entry).catch(() => undefined);
  if (facts === undefined || !(facts.isFile() || facts.isDirectory()) || facts.uid !== process.geteuid?.()) {
    return false;
  }
  const untouchedMs = now - facts.mtimeMs;
  if (owner.scope === undefined) {
    return untouchedMs > deadAfterWithoutTouchesMs && !isRunning({ pid: owner.pid, startTicks: 0 });
  }
  return owner.scope === ownIdentity().scope ? !isRunning(owner) : untouchedMs > deadAfterMs;
}
