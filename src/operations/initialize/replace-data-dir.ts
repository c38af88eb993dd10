import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories, removeEmptyDirectories } from '../../fs/directories.ts';
import { isErrno } from '../../fs/errno.ts';
import { syncDirectory } from '../../fs/sync.ts';
import type { RunContext } from '../../runtime/run-context.ts';

// How a data directory D is replaced, so that a crash at any moment leaves the old one or the new one, and the next run
// can tell which step was the last:
//
//   1. the new member is built in the staging directory and appears there as `member` in one rename, durable
//   2. D/member becomes D/member.old-UNIX
//   3. STAGING/member becomes D/member
//   4. D/member.old-UNIX and STAGING are removed
//
// STAGING is D.part; where D is a mount point and its neighbours are on another volume, D/restore.part.

const OLD = 'member.old-';
const OLD_NAME = /^member\.old-\d+$/;

/** Makes whole again what an interrupted run has left. Does nothing when there is nothing. */
export async function finishReplacement(dataDir: string, context: RunContext): Promise<void> {
  const staging = [adjacentTo(dataDir), insideOf(dataDir)];
  const ready = await firstWithMember(staging);
  const olds = (await namesIn(dataDir)).filter((name) => OLD_NAME.test(name)).toSorted();
  const newestOld = olds.at(-1);
  const member = path.join(dataDir, 'member');
  if (newestOld !== undefined && !(await exists(member))) {
    const chosen = ready ?? path.join(dataDir, newestOld);
    await rename(chosen, member);
    await syncDirectory(dataDir);
    context.log.warn(
      { dataDir },
      `An earlier replacement of ${dataDir} was interrupted; ${path.basename(chosen)} took its place`,
    );
  } else if (newestOld !== undefined && ready !== undefined) {
    // Somebody began a new member between steps 2 and 3. What was there before may be wanted.
    context.log.warn(
      { dataDir, kept: olds },
      `${dataDir} was used in the middle of a replacement; ${olds.join(', ')} is kept`,
    );
    await removeAll(staging);
    return;
  }
  await removeAll(olds.map((name) => path.join(dataDir, name)));
  await removeAll(staging);
  await removeAll(await removedBeside(dataDir));
}

/**
 * Lets `build` make a new member in a directory of its own, and puts it in the place of the old one, if any.
 * `build` is given a data directory that exists and is empty; `member` has to appear in it whole and durable.
 * When `build` fails, everything is as it was.
 */
export async function replaceDataDir<T>(
  dataDir: string,
  build: (staging: string) => Promise<T>,
  context: RunContext,
): Promise<T> {
  const madeAbove = await makeDirectories(dataDir);
  const staging = await makeStaging(dataDir);
  try {
    const built = await build(staging);
    context.signal.throwIfAborted();
    await swapMember(dataDir, path.join(staging, 'member'), context);
    return built;
  } finally {
    await rm(staging, { recursive: true, force: true });
    if (madeAbove !== undefined) {
      await removeEmptyDirectories(dataDir, madeAbove);
    }
  }
}

/**
 * Removes a data directory. It is moved aside first, so that it is never half there; of a mount point, only the contents
 * go.
 */
export async function removeDataDir(dataDir: string, context: RunContext): Promise<void> {
  const aside = `${dataDir}.removed-${unixSeconds(context)}`;
  try {
    await rename(dataDir, aside);
    await syncDirectory(path.dirname(dataDir));
  } catch (error) {
    if (!isErrno(error, 'EBUSY', 'EXDEV', 'EACCES', 'EROFS', 'EPERM')) {
      throw error;
    }
    await removeAll(
      (await namesIn(dataDir)).filter((name) => name !== 'lost+found').map((name) => path.join(dataDir, name)),
    );
    await syncDirectory(dataDir);
    return;
  }
  await rm(aside, { recursive: true, force: true });
}

async function swapMember(dataDir: string, fresh: string, context: RunContext): Promise<void> {
  const member = path.join(dataDir, 'member');
  const old = path.join(dataDir, `${OLD}${unixSeconds(context)}`);
  const replaced = await exists(member);
  if (replaced) {
    context.log.info({ dataDir }, `Replacing data directory(${dataDir}) by the restored one.`);
    await rename(member, old);
  }
  try {
    await rename(fresh, member);
  } catch (error) {
    if (replaced) {
      await rename(old, member);
    }
    throw error;
  }
  await syncDirectory(dataDir);
  await syncDirectory(path.dirname(dataDir));
  if (replaced) {
    await rm(old, { recursive: true, force: true });
  }
}

/** Makes the staging directory where a rename into the data directory is possible. */
async function makeStaging(dataDir: string): Promise<string> {
  const adjacent = adjacentTo(dataDir);
  const inside = insideOf(dataDir);
  await removeAll([adjacent, inside]);
  try {
    await mkdir(adjacent, { mode: 0o700 });
    await rename(adjacent, inside);
    await rename(inside, adjacent);
    return adjacent;
  } catch (error) {
    if (!isErrno(error, 'EXDEV', 'EACCES', 'EROFS', 'EPERM')) {
      throw error;
    }
    await removeAll([adjacent]);
    await mkdir(inside, { mode: 0o700 });
    return inside;
  }
}

function adjacentTo(dataDir: string): string {
  return `${dataDir}.part`;
}

function insideOf(dataDir: string): string {
  return path.join(dataDir, 'restore.part');
}

async function firstWithMember(directories: readonly string[]): Promise<string | undefined> {
  for (const directory of directories) {
    const member = path.join(directory, 'member');
    if (await exists(member)) {
      return member;
    }
  }
  return undefined;
}

async function removedBeside(dataDir: string): Promise<readonly string[]> {
  const prefix = `${path.basename(dataDir)}.removed-`;
  const parent = path.dirname(dataDir);
  return (await namesIn(parent))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => path.join(parent, name));
}

async function removeAll(files: readonly string[]): Promise<void> {
  for (const file of files) {
    await rm(file, { recursive: true, force: true });
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) {
      return [];
    }
    throw error;
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) {
      return false;
    }
    throw error;
  }
}

function unixSeconds(context: RunContext): number {
  return Math.floor(context.clock.now() / 1000);
}
