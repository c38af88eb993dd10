import path from 'node:path';
import { makeDirectories, removeEmptyDirectories } from '../fs/directories.ts';
import { isErrno } from '../fs/errno.ts';
import { nearestExisting, openIfPresent } from '../fs/existing-directory.ts';
import type { PinnedDirectory } from '../fs/pinned-directory.ts';
import { actingAs } from '../runtime/process/acting-as.ts';
import { tryLockHandle } from '../runtime/process/file-lock.ts';
import type { RunContext } from '../runtime/run-context.ts';
import { lockFileIn, type RunLockAttempt } from './run-lock-file.ts';
import { busy } from './run-lock-refusal.ts';

/** What is asked of a lock, and how it is tried; tests replace the latter. */
export interface RunLockOptions {
  /** What cannot be done when another run has it: `restore into`. */
  readonly action: string;
  readonly tryLock?: typeof tryLockHandle;
}

/** What became of an attempt that need not be tried again. */
type Settled = Exclude<RunLockAttempt, { readonly outcome: 'changed' }>;

/** A place that is locked. */
export interface LockedPlace {
  readonly parent: PinnedDirectory | undefined;
  readonly directory: PinnedDirectory | undefined;
  readonly madeAbove: string | undefined;
  readonly held: AsyncDisposableStack;
}

/**
 * Tries once to lock a data directory, or the place where it will be. Throws a Failure `data_dir_busy`; `changed` when something was made,
 * moved or removed meanwhile.
 */
export async function lockPlace(
  dataDir: string,
  context: RunContext,
  options: RunLockOptions,
): Promise<LockedPlace | 'changed'> {
  await using held = new AsyncDisposableStack();
  const directory = await openIfPresent(dataDir);
  if (directory !== undefined) {
    held.use(directory);
    const parent = await openIfReadable(path.dirname(dataDir));
    if (parent !== undefined) {
      held.use(parent);
    }
    const attempt = await lockDirectory(directory, options);
    if (attempt.outcome === 'held') {
      held.use(attempt.lock);
    }
    await settle(attempt, { directory, name: '', dataDir, held }, context, options);
    return (await directory.isInPlace()) ? { directory, parent, madeAbove: undefined, held: held.move() } : 'changed';
  }
  const made = await makeParents(dataDir);
  if (made === undefined) {
    // Nobody can make the data directory there; what comes next says why.
    return { directory: undefined, parent: undefined, madeAbove: undefined, held: held.move() };
  }
  const { madeAbove } = made;
  if (madeAbove !== undefined) {
    held.defer(() => removeEmptyDirectories(path.dirname(dataDir), madeAbove));
  }
  const parent = await openIfPresent(path.dirname(dataDir));
  if (parent === undefined) {
    return 'changed';
  }
  held.use(parent);
  const name = path.basename(dataDir);
  const attempt = await lockFileIn(parent, `.${name}.etcdbrctl-lock`, options);
  if (attempt.outcome === 'changed') {
    return 'changed';
  }
  if (attempt.outcome === 'held') {
    held.use(attempt.lock);
  }
  await settle(attempt, { directory: parent, name, dataDir, held }, context, options);
  const appeared = await openIfPresent(dataDir);
  await appeared?.[Symbol.asyncDispose]();
  return appeared === undefined && (await parent.isInPlace())
    ? { directory: undefined, parent, madeAbove, held: held.move() }
    : 'changed';
}

/** The lock of a directory that exists; where directories cannot be locked (NFS), that of a file in it. */
async function lockDirectory(directory: PinnedDirectory, options: RunLockOptions): Promise<Settled> {
  const attempt = await (options.tryLock ?? tryLockHandle)(directory.handle);
  switch (attempt.outcome) {
    case 'held':
      return { outcome: 'held', lock: { [Symbol.asyncDispose]: () => Promise.resolve() } };
    case 'busy':
      return { outcome: 'busy', pid: attempt.holder?.pid };
    case 'unavailable': {
      const inside = attempt.error === undefined ? undefined : await lockFileIn(directory, '.etcdbrctl-lock', options);
      return inside === undefined || inside.outcome === 'changed'
        ? { outcome: 'unavailable', reason: attempt.reason }
        : inside;
    }
    default:
      return attempt satisfies never;
  }
}

/** Refuses when another run has the lock; claims a name where there are no locks. */
async function settle(
  attempt: Settled,
  place: {
    readonly directory: PinnedDirectory;
    readonly name: string;
    readonly dataDir: string;
    readonly held: AsyncDisposableStack;
  },
  { log }: RunContext,
  { action }: RunLockOptions,
): Promise<void> {
  const { dataDir, held } = place;
  if (attempt.outcome === 'held') {
    return;
  }
  if (attempt.outcome === 'busy') {
    throw busy(dataDir, { action, pid: attempt.pid });
  }
  const { claimName } = await import('../runtime/process/name-claim.ts');
  const { dev, ino } = place.directory.identity;
  const claimed = await claimName(`${dev}:${ino}/${place.name}`);
  switch (claimed.outcome) {
    case 'held':
      held.use(claimed.claim);
      log.debug({ reason: attempt.reason }, `No lock could be taken for ${dataDir}; a name is claimed instead`);
      return;
    case 'busy':
      throw busy(dataDir, { action, pid: claimed.pid });
    case 'unavailable':
      log.warn(
        { reason: attempt.reason },
        `No lock could be taken for ${dataDir}: make sure that no other run works on it`,
      );
      return;
    default:
      claimed satisfies never;
  }
}

/** Makes the directories above the data directory, as their owner would; undefined where that is not possible. */
async function makeParents(dataDir: string): Promise<{ readonly madeAbove: string | undefined } | undefined> {
  const parent = path.dirname(dataDir);
  try {
    await using nearest = await nearestExisting(parent);
    return { madeAbove: await actingAs(nearest.owner, () => makeDirectories(parent)) };
  } catch (error) {
    if (isErrno(error, 'EROFS', 'EACCES', 'EPERM')) {
      return undefined;
    }
    throw error;
  }
}

/** A directory through which one may go need not be readable: then nothing is made next to the data directory. */
async function openIfReadable(directory: string): Promise<PinnedDirectory | undefined> {
  try {
    return await openIfPresent(directory);
  } catch (error) {
    if (isErrno(error, 'EACCES', 'EPERM')) {
      return undefined;
    }
    throw error;
  }
}
