import { lockDb } from '../../datadir/db-lock.ts';
import { type FileIdentity, isSameFile } from '../../fs/same-file.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { memberAsFound } from './member-as-found.ts';
import type { DirectoryAtHand } from './restore-invalid.ts';

/**
 * Makes sure that `member/` is the one that was found and that no etcd has it, and keeps etcd out until the result is disposed of: a
 * cluster is asked for minutes at times, and an etcd may have been started meanwhile. Throws a {@link Failure} `data_dir_changed` or
 * `data_dir_locked`; nothing was changed then.
 */
export async function holdAsFound(
  { lock, dbLocked, before }: Pick<DirectoryAtHand, 'lock' | 'dbLocked' | 'before'>,
  context: RunContext,
): Promise<AsyncDisposable> {
  await lock.checkPlace();
  refuseChanged(lock.dataDir, before, await memberAsFound(lock));
  const stack = new AsyncDisposableStack();
  if (!dbLocked) {
    stack.use(await lockDb(lock.dataDir, context, { action: 'initialize', openAs: (open) => lock.asOwner(open) }));
  }
  return stack;
}

/** Throws as {@link holdAsFound} does, and holds nothing. */
export async function checkAsFound(
  found: Pick<DirectoryAtHand, 'lock' | 'dbLocked' | 'before'>,
  context: RunContext,
): Promise<void> {
  await using _held = await holdAsFound(found, context);
}

/** Throws a {@link Failure} `data_dir_changed` when `member/` is another one than before. */
function refuseChanged(dataDir: string, before: FileIdentity | undefined, now: FileIdentity | undefined): void {
  if (before === undefined ? now !== undefined : now === undefined || !isSameFile(before, now)) {
    throw new Failure({
      code: 'data_dir_changed',
      action: 'initialize',
      object: dataDir,
      found: 'member/ was begun or exchanged meanwhile',
      remedy: 'stop what runs on it and try again; nothing was changed in it',
    });
  }
}
