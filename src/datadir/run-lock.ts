import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories, removeEmptyDirectories } from '../fs/directories.ts';
import { isErrno } from '../fs/errno.ts';
import { giveTree } from '../fs/give-tree.ts';
import { PinnedDirectory } from '../fs/pinned-directory.ts';
import { type RealLocation, realLocation } from '../fs/real-location.ts';
import { Failure } from '../runtime/failure.ts';
import { actingAs } from '../runtime/process/acting-as.ts';
import { tryLockHandle } from '../runtime/process/file-lock.ts';
import { claimName } from '../runtime/process/name-claim.ts';
import type { RunContext } from '../runtime/run-context.ts';
import { asOwnerOf, ownerOfFiles } from './owner.ts';
import { lockFileIn, type RunLockAttempt } from './run-lock-file.ts';

/** What is asked of a lock, and how it is tried; tests replace the latter. */
export interface RunLockOptions {
  /** What cannot be done when another run has it: `restore into`. */
  readonly action: string;
  readonly tryLock?: typeof tryLockHandle;
}

/** How often a directory that changes under our hands is looked at again. */
const TRIES = 100;

/**
 * Makes sure that one run alone works on a data directory, for as long as it takes, whatever path leads to it.
 *
 * A directory that exists is locked itself (flock on the directory, which leaves no trace and which two containers that share the
 * volume both see). For one that does not exist yet a file `.NAME.etcdbrctl-lock` is locked where it will be; it is removed at the
 * end, and one of a killed run is taken over, as the kernel gave its lock free. Where neither can be locked, a name is claimed.
 */
export class RunLock implements AsyncDisposable {
  /** The data directory, absolute, without links. */
  readonly dataDir: string;
  /** The directory in which it is. Undefined when that does not exist and cannot be made. */
  readonly parent: PinnedDirectory | undefined;
  /** The data directory itself; undefined when it did not exist when the lock was taken. */
  readonly directory: PinnedDirectory | undefined;
  /** The first directory above the data directory that had to be made. */
  readonly madeAbove: string | undefined;
  readonly #options: RunLockOptions;
  readonly #held: AsyncDisposableStack;

  private constructor(dataDir: string, taken: Taken, options: RunLockOptions) {
    this.dataDir = dataDir;
    this.parent = taken.parent;
    this.directory = taken.directory;
    this.madeAbove = taken.madeAbove;
    this.#options = options;
    this.#held = taken.held;
  }

  /** Throws a {@link Failure} `data_dir_busy` when another run has it, and others when it cannot be looked at. */
  static async take(dataDir: string, context: RunContext, options: RunLockOptions): Promise<RunLock> {
    const location = await realLocation(dataDir);
    await refuseLinksOfOthers(location, options);
    for (let tries = 1; ; tries++) {
      context.signal.throwIfAborted();
      const taken = await takeOnce(location.path, context, options);
      if (taken !== 'changed') {
        return new RunLock(location.path, taken, options);
      }
      if (tries === TRIES) {
        throw changed(location.path, options.action);
      }
    }
  }

  /**
   * Does `work` on the files of the member with the rights of their owner, when root does it: nothing then reaches further than he
   * could. Throws a {@link Failure} `denied` when some of them are not his.
   */
  async asOwner<T>(work: () => Promise<T>): Promise<T> {
    return await asOwnerOf(this.directory, work, { action: this.#options.action });
  }

  /** Does `work` next to the data directory with the rights of the owner of that place, when root does it. */
  async asOwnerOfParent<T>(work: () => Promise<T>): Promise<T> {
    return await actingAs(this.parent?.owner, work);
  }

  /**
   * Gives what root has built, in a private directory, to the owner of the data directory or of the member in it, or of the
   * directory that it will be in.
   */
  async give(tree: string): Promise<void> {
    const owner = this.directory === undefined ? this.parent?.owner : await ownerOfFiles(this.directory);
    if (process.geteuid?.() === 0 && owner !== undefined) {
      await giveTree(tree, owner);
    }
  }

  /** Locks a directory that is about to appear as the data directory, until the run is over. */
  async lockToo(handle: FileHandle): Promise<void> {
    const attempt = await (this.#options.tryLock ?? tryLockHandle)(handle);
    if (attempt.outcome === 'busy') {
      throw busy(this.dataDir, { action: this.#options.action, pid: attempt.holder?.pid });
    }
  }

  /** Throws a {@link Failure} `data_dir_changed` when the name leads to another directory than when the lock was taken. */
  async checkPlace(): Promise<void> {
    const place = this.directory ?? this.parent;
    if (place !== undefined && !(await place.isInPlace())) {
      throw changed(this.dataDir, this.#options.action);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
    if (this.madeAbove !== undefined) {
      await removeEmptyDirectories(path.dirname(this.dataDir), this.madeAbove);
    }
  }
}

/** What became of an attempt that need not be tried again. */
type Settled = Exclude<RunLockAttempt, { readonly outcome: 'changed' }>;

/** A link of another user must not lead root to a place that is not this user's. */
async function refuseLinksOfOthers({ path: dataDir, links }: RealLocation, { action }: RunLockOptions): Promise<void> {
  if (process.geteuid?.() !== 0 || links.length === 0) {
    return;
  }
  await using nearest = await nearestExisting(dataDir);
  const astray = links.find(({ uid }) => uid !== 0 && uid !== nearest.owner.uid);
  if (astray !== undefined) {
    throw new Failure({
      code: 'denied',
      action,
      object: dataDir,
      found: `the link ${astray.path}, which leads there, belongs to user ${astray.uid}, and what it leads to does not`,
      remedy: `if that is meant, give ${dataDir} itself`,
    });
  }
}

interface Taken {
  readonly parent: PinnedDirectory | undefined;
  readonly directory: PinnedDirectory | undefined;
  readonly madeAbove: string | undefined;
  readonly held: AsyncDisposableStack;
}

async function takeOnce(dataDir: string, context: RunContext, options: RunLockOptions): Promise<Taken | 'changed'> {
  await using held = new AsyncDisposableStack();
  const directory = await openIfPresent(dataDir);
  if (directory !== undefined) {
    held.use(directory);
    const parent = await openIfPresent(path.dirname(dataDir));
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
  const nearest = await nearestExisting(parent);
  try {
    return { madeAbove: await actingAs(nearest.owner, () => makeDirectories(parent)) };
  } catch (error) {
    if (isErrno(error, 'EROFS', 'EACCES', 'EPERM')) {
      return undefined;
    }
    throw error;
  } finally {
    await nearest[Symbol.asyncDispose]();
  }
}

async function nearestExisting(directory: string): Promise<PinnedDirectory> {
  for (let at = directory; ; at = path.dirname(at)) {
    const found = await openIfPresent(at);
    if (found !== undefined) {
      return found;
    }
  }
}

async function openIfPresent(directory: string): Promise<PinnedDirectory | undefined> {
  try {
    return await PinnedDirectory.open(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) {
      return undefined;
    }
    throw error;
  }
}

function busy(
  dataDir: string,
  { action, pid }: { readonly action: string; readonly pid: number | undefined },
): Failure {
  const who = pid === undefined ? 'another run, in another container,' : `another run (pid ${pid})`;
  return new Failure({
    code: 'data_dir_busy',
    action,
    object: dataDir,
    found: `${who} is restoring or checking it`,
    remedy: 'wait until that has ended; nothing was changed',
  });
}

function changed(dataDir: string, action: string): Failure {
  return new Failure({
    code: 'data_dir_changed',
    action,
    object: dataDir,
    found: 'it, or a directory above it, was moved or replaced meanwhile',
    remedy: 'leave it alone until the run has ended, and try again',
  });
}
