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
//   4. D/member.old-UNIX becomes D/member.invalid-TIME, most older ones of these are removed, and so is STAGING
//
// The old member is kept, as its log may hold what came after the last backup.
//
// STAGING is D.part; where D is a mount point and its neighbours are on another volume, D/restore.part.

const OLD = 'member.old-';
const OLD_NAME = /^member\.old-\d+$/;

/** Members that were moved aside: of a series within this time the first, which may be the best one, and the last are kept. */
const SERIES_MS = 7 * 24 * 60 * 60 * 1_000;
const KEPT_NAME = /^member\.invalid-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z(?:-(\d+))?$/;

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
  for (const old of olds.map((name) => path.join(dataDir, name))) {
    if (await exists(old)) {
      await keepAside(old, dataDir, context);
    }
  }
  await removeAll(staging);
}

/** A replaced member. */
export interface Replacement<T> {
  /** What `build` returned. */
  readonly built: T;
  /** Where the old member is now; undefined when there was none. */
  readonly keptAside: string | undefined;
}

/**
 * Lets `build` make a new member in a directory of its own, and puts it in the place of the old one, if any, which is kept.
 * `build` is given a data directory that exists and is empty; `member` has to appear in it whole and durable.
 * When `build` fails, everything is as it was.
 */
export async function replaceDataDir<T>(
  dataDir: string,
  build: (staging: string) => Promise<T>,
  context: RunContext,
): Promise<Replacement<T>> {
  const madeAbove = await makeDirectories(dataDir);
  const staging = await makeStaging(dataDir);
  try {
    const built = await build(staging);
    context.signal.throwIfAborted();
    const keptAside = await swapMember(dataDir, path.join(staging, 'member'), context);
    return { built, keptAside };
  } finally {
    await rm(staging, { recursive: true, force: true });
    if (madeAbove !== undefined) {
      await removeEmptyDirectories(dataDir, madeAbove);
    }
  }
}

/**
 * Moves `member` aside, so that a new member can start; everything else stays. Returns where it is now, undefined when there is
 * none.
 */
export async function setMemberAside(dataDir: string, context: RunContext): Promise<string | undefined> {
  const member = path.join(dataDir, 'member');
  return (await exists(member)) ? await keepAside(member, dataDir, context) : undefined;
}

/** Renames a member that is not wanted any more, and removes most of those that were kept before. */
async function keepAside(member: string, dataDir: string, context: RunContext): Promise<string> {
  const names = await namesIn(dataDir);
  const time = new Date(context.clock.now()).toISOString().replace(/[-:]|\.\d+/g, '');
  const stem = `member.invalid-${time}`;
  let kept = stem;
  for (let count = 2; names.includes(kept); count++) {
    kept = `${stem}-${count}`;
  }
  await rename(member, path.join(dataDir, kept));
  await syncDirectory(dataDir);
  for (const name of outdated(names, context)) {
    const outlived = path.join(dataDir, name);
    context.log.info({ removed: outlived }, `Removing ${outlived}: ${kept} takes its place`);
    await rm(outlived, { recursive: true, force: true });
  }
  return path.join(dataDir, kept);
}

/** Of the members that were kept before, all but the first one of this series. */
function outdated(names: readonly string[], { clock }: RunContext): readonly string[] {
  const kept = names.flatMap((name) => {
    const [, year, month, day, hour, minute, second, count = '1'] = KEPT_NAME.exec(name) ?? [];
    const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
    return Number.isNaN(at) ? [] : [{ name, at, count: Number(count) }];
  });
  const [first] = kept
    .filter(({ at }) => at > clock.now() - SERIES_MS)
    .toSorted((a, b) => a.at - b.at || a.count - b.count);
  return kept.map(({ name }) => name).filter((name) => name !== first?.name);
}

/** Returns where the old member is now; undefined when there was none. */
async function swapMember(dataDir: string, fresh: string, context: RunContext): Promise<string | undefined> {
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
  return replaced ? await keepAside(old, dataDir, context) : undefined;
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
