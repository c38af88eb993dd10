import { lstat, mkdir, readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { lockDb } from '../../datadir/db-lock.ts';
import type { RunLock } from '../../datadir/run-lock.ts';
import { isErrno } from '../../fs/errno.ts';
import { makingEntry } from '../../fs/making-entry.ts';
import type { PinnedDirectory } from '../../fs/pinned-directory.ts';
import { PrivateDirectory } from '../../fs/private-directory.ts';
import { removeTree } from '../../fs/remove-tree.ts';
import { type FileIdentity, isSameFile } from '../../fs/same-file.ts';
import { syncDirectory } from '../../fs/sync.ts';
import { Failure } from '../../runtime/failure.ts';
import { tryLockHandle } from '../../runtime/process/file-lock.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { asideTime, outdatedAside } from '../restore/moved-aside-names.ts';
import { type SeparateWal, WAL_ASIDE } from '../restore/separate-wal.ts';
import { stagingPrefix } from '../restore/staging-prefix.ts';
import { ASIDE, OLD } from './replacement-names.ts';

// How the member of a data directory D is replaced, so that a crash at any moment leaves the old one or the new one, and the next
// run can see which step was the last:
//
//   1. the new member is built in a private directory in D, STAGING, and appears there as `member` in one rename, durable
//   2. D/member becomes D/member.old-UNIX
//   3. STAGING/member becomes D/member
//   4. D/member.old-UNIX becomes D/member.invalid-TIME, most older ones of these are removed, and so is STAGING
//
// The old member is kept, as its log may hold what came after the last backup.
//
// D may belong to another user than the one who does this: everything goes through the open directory, and no link is followed.

/** Where a member is to be replaced. */
export interface MemberPlace {
  readonly lock: RunLock;
  readonly directory: PinnedDirectory;
  /** Whether the caller holds the lock of the db that is there. */
  readonly dbLocked: boolean;
  /** For the log, where it has a directory of its own; see there for the order of steps. */
  readonly wal: SeparateWal | undefined;
}

/** A replaced member. */
export interface Replacement<T> {
  /** What `build` returned. */
  readonly built: T;
  /** Where the old member is now; undefined when there was none. */
  readonly keptAside: string | undefined;
}

/**
 * Lets `build` make a new member in a private directory, and puts it in the place of the old one, if any, which is kept. `build` is
 * given the path of a `member` directory that exists and is empty; its files have to be durable afterwards. They are given to the
 * owner of the data directory. When `build` fails, or somebody has begun another member meanwhile, everything is as it was.
 */
export async function replaceMember<T>(
  place: MemberPlace,
  build: (memberDir: string) => Promise<T>,
  context: RunContext,
): Promise<Replacement<T>> {
  const { directory, lock } = place;
  const before = await identityOf(directory.at('member'));
  await using staging = await PrivateDirectory.make(directory, stagingPrefix(undefined));
  // So that other runs know that it is in use.
  await tryLockHandle(staging.pinned.handle);
  const memberDir = staging.at('member.part');
  await makingEntry(() => mkdir(memberDir, { mode: 0o700 }));
  const built = await build(memberDir);
  await lock.give(memberDir);
  for (const made of [path.join(memberDir, 'snap'), path.join(memberDir, 'wal'), memberDir]) {
    await syncDirectory(made).catch(unlessMissing);
  }
  await rename(memberDir, staging.at('member'));
  await syncDirectory(staging.pinned.path);
  context.signal.throwIfAborted();
  await lock.checkPlace();
  const now = await identityOf(directory.at('member'));
  if (before === undefined ? now !== undefined : now === undefined || !isSameFile(before, now)) {
    throw new Failure({
      code: 'data_dir_changed',
      action: 'replace the member in',
      object: directory.name,
      found: 'member/ was begun or exchanged meanwhile',
      remedy: 'stop what runs on it and try again; nothing was changed',
    });
  }
  // An etcd that was started meanwhile holds it.
  await using _db = place.dbLocked
    ? undefined
    : await lockDb(directory.name, context, {
        action: 'replace the member in',
        openAs: (open) => lock.asOwner(open),
      });
  await place.wal?.stage(staging.at('member'));
  const keptAside = await swapMember(place, staging.at('member'), context);
  return { built, keptAside };
}

/**
 * Moves `member` aside, so that a new member can start; everything else stays. Returns where it is now, undefined when there is
 * none.
 */
export async function setMemberAside(
  directory: PinnedDirectory | undefined,
  context: RunContext,
): Promise<string | undefined> {
  return directory === undefined || (await identityOf(directory.at('member'))) === undefined
    ? undefined
    : await keepAside('member', directory, context);
}

/** Renames a member that is not wanted any more, and removes most of those that were kept before. */
export async function keepAside(member: string, directory: PinnedDirectory, context: RunContext): Promise<string> {
  const names = await readdir(directory.path);
  const stem = `${ASIDE}${asideTime(context.clock)}`;
  let kept = stem;
  for (let count = 2; names.includes(kept); count++) {
    kept = `${stem}-${count}`;
  }
  await rename(directory.at(member), directory.at(kept));
  await syncDirectory(directory.path);
  for (const name of outdatedAside(names, { prefix: ASIDE, clock: context.clock })) {
    const outlived = path.join(directory.name, name);
    context.log.info({ removed: outlived }, `Removing ${outlived}: ${kept} takes its place`);
    await removeTree(directory.at(name));
  }
  return path.join(directory.name, kept);
}

/** Puts a member that is ready in the place of the old one. Returns where the old one is now; undefined when there was none. */
export async function swapMember(
  { directory, wal }: Pick<MemberPlace, 'directory' | 'wal'>,
  fresh: string,
  context: RunContext,
): Promise<string | undefined> {
  const member = directory.at('member');
  const old = `${OLD}${Math.floor(context.clock.now() / 1000)}`;
  const replaced = (await identityOf(member)) !== undefined;
  if (replaced) {
    context.log.info({ dataDir: directory.name }, `Replacing data directory(${directory.name}) by the restored one.`);
    await rename(member, directory.at(old));
  }
  const walName = nameAside(context);
  let walAside: string | undefined;
  try {
    walAside = await wal?.setAside(walName);
    await rename(fresh, member);
  } catch (error) {
    if (walAside !== undefined) {
      await wal?.putBack(walName);
    }
    if (replaced) {
      await rename(directory.at(old), member);
    }
    await wal?.discard();
    throw error;
  }
  await syncDirectory(directory.path);
  await wal?.publish(member, context);
  return replaced ? await keepAside(old, directory, context) : undefined;
}

/** The name under which the log of a member is kept, in its own directory. */
export function nameAside({ clock }: Pick<RunContext, 'clock'>): string {
  return `${WAL_ASIDE}${asideTime(clock)}`;
}

/** Undefined when there is nothing of this name. */
export async function identityOf(file: string): Promise<FileIdentity | undefined> {
  const found = await lstat(file, { bigint: true }).catch(unlessMissing);
  return found === undefined ? undefined : { dev: found.dev, ino: found.ino };
}

function unlessMissing(error: unknown): undefined {
  if (!isErrno(error, 'ENOENT')) {
    throw error;
  }
}
