import { opendir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isErrno } from '../../../fs/errno.ts';
import { mountPoints, pointsIn } from '../../../fs/mount-points.ts';
import { StoreError } from '../../store-error.ts';

/** Where a system says what is to be mounted, and what is. */
export interface MountTables {
  readonly wanted: string;
  readonly mounted: string;
}

const SYSTEM: MountTables = { wanted: '/etc/fstab', mounted: '/proc/self/mountinfo' };
/** The field of a mount point in `/etc/fstab`, from 0. */
const WANTED_FIELD = 1;

/**
 * The volume that a container is on. Where it is not mounted, its mount point looks like an empty store, or one that is not there yet:
 * then nothing that was stored can be seen, and what is written goes to another disk.
 */
export class LocalVolume {
  readonly #directory: string;
  readonly #tables: MountTables;
  /** Device of the container when it was last seen. */
  #device: number | undefined;

  /** `directory` is the container, absolute. */
  constructor(directory: string, tables: MountTables = SYSTEM) {
    this.#directory = directory;
    this.#tables = tables;
  }

  /**
   * Throws a StoreError `gone` when the container is not there or empty, and its volume is one that `/etc/fstab` names and that is not
   * mounted, or another one than this object has seen before. Its contents prove that it is the right one.
   */
  async check(action: string): Promise<void> {
    const isThere = await this.#holdsSomething();
    const device = await deviceOf(this.#directory);
    if (isThere) {
      this.#device = device;
      return;
    }
    if (this.#device !== undefined && device !== this.#device) {
      throw this.#gone(action, 'its volume is not mounted any more');
    }
    const point = await this.#unmountedPoint();
    if (point !== undefined) {
      throw this.#gone(action, `${point} is to be mounted by ${this.#tables.wanted}, and is not`);
    }
  }

  /** Notes that the container is in use, though it may be empty still. */
  async used(): Promise<void> {
    this.#device ??= await deviceOf(this.#directory);
  }

  #gone(action: string, found: string): StoreError {
    return new StoreError('gone', { action, object: this.#directory, found, remedy: 'mount it' });
  }

  async #holdsSomething(): Promise<boolean> {
    return (await contentOf(this.#directory)) === 'something';
  }

  /** The mount point at or above the container that is named and not mounted; the root itself always is. */
  async #unmountedPoint(): Promise<string | undefined> {
    const above = new Set(withParents(this.#directory));
    const wanted = (await pointsIn(this.#tables.wanted, WANTED_FIELD)).filter((point) => above.has(point));
    if (wanted.length === 0) {
      return undefined;
    }
    const mounted = await mountPoints(this.#tables.mounted);
    return mounted.length === 0 ? undefined : wanted.find((point) => !mounted.includes(point));
  }
}

/**
 * Whether a directory holds anything, such as the `lost+found` of a new file system. Where it cannot be read, the calls that use it report
 * that.
 */
export async function contentOf(directory: string): Promise<'something' | 'nothing' | 'no directory'> {
  try {
    const opened = await opendir(directory);
    const first = await opened.read();
    await opened.close();
    return first === null ? 'nothing' : 'something';
  } catch (error) {
    return isErrno(error, 'ENOENT') ? 'no directory' : 'something';
  }
}

/** The device of a directory, or of the nearest one above it that exists. */
async function deviceOf(directory: string): Promise<number | undefined> {
  for (const each of withParents(directory)) {
    const facts = await stat(each).catch(() => undefined);
    if (facts !== undefined) {
      return facts.dev;
    }
  }
  return undefined;
}

/** A directory and those above it, without the root. */
function withParents(directory: string): readonly string[] {
  const found: string[] = [];
  for (let each = directory; each !== dirname(each); each = dirname(each)) {
    found.push(each);
  }
  return found;
}
