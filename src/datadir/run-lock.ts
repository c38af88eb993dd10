import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { removeEmptyDirectories } from '../fs/directories.ts';
import { isErrno } from '../fs/errno.ts';
import { nearestExisting } from '../fs/existing-directory.ts';
import { giveTree } from '../fs/give-tree.ts';
import type { PinnedDirectory } from '../fs/pinned-directory.ts';
import { linkAstray, type RealLocation, realLocation } from '../fs/real-location.ts';
import { Failure } from '../runtime/failure.ts';
import { actingAs } from '../runtime/process/acting-as.ts';
import { tryLockHandle } from '../runtime/process/file-lock.ts';
import type { RunContext } from '../runtime/run-context.ts';
import { asOwnerOf, ownerOfFiles } from './owner.ts';
import { type LockedPlace, lockPlace, type RunLockOptions } from './run-lock-place.ts';
import { busy, changed, notADirectory } from './run-lock-refusal.ts';

export type { RunLockOptions };

/** How often a directory that changes meanwhile is looked at again. */
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

  private constructor(dataDir: string, taken: LockedPlace, options: RunLockOptions) {
    this.dataDir = dataDir;
    this.parent = taken.parent;
    this.directory = taken.directory;
    this.madeAbove = taken.madeAbove;
    this.#options = options;
    this.#held = taken.held;
  }

  /** Throws a {@link Failure} `data_dir_busy` when another run has it, and others when it cannot be looked at. */
  static async take(dataDir: string, context: RunContext, options: RunLockOptions): Promise<RunLock> {
    try {
      return await RunLock.#take(dataDir, context, options);
    } catch (error) {
      throw isErrno(error, 'ENOTDIR') ? ((await notADirectory(dataDir, options.action)) ?? error) : error;
    }
  }

  static async #take(dataDir: string, context: RunContext, options: RunLockOptions): Promise<RunLock> {
    const location = await realLocation(dataDir);
    await refuseLinksOfOthers(location, options);
    for (let tries = 1; ; tries++) {
      context.signal.throwIfAborted();
      const taken = await lockPlace(location.path, context, options);
      if (taken !== 'changed') {
        return new RunLock(location.path, taken, options);
      }
      if (tries === TRIES) {
        throw changed(location.path, options.action);
      }
    }
  }

  /**
   * Does `work` on the files of the member with the rights of their owner, when root does it: nothing then reaches further than the owner
   * could. Throws a {@link Failure} `denied` when some of them belong to another user.
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

/** A link of another user must not lead root to a place that is not this user's. */
async function refuseLinksOfOthers(location: RealLocation, { action }: RunLockOptions): Promise<void> {
  const { path: dataDir, links } = location;
  if (links.length === 0) {
    return;
  }
  await using nearest = await nearestExisting(dataDir);
  const astray = linkAstray(location, nearest.owner.uid);
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
