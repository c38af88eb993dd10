import { lstat } from 'node:fs/promises';
import { isErrno } from '../fs/errno.ts';
import type { Owner, PinnedDirectory } from '../fs/pinned-directory.ts';
import { Failure } from '../runtime/failure.ts';
import { actingAs } from '../runtime/process/acting-as.ts';

/** The owner of the files of a data directory: its owner, or, where that is root, the owner of the member in it. */
export async function ownerOfFiles(directory: PinnedDirectory): Promise<Owner> {
  if (directory.owner.uid !== 0) {
    return directory.owner;
  }
  const member = await lstat(directory.at('member')).catch(() => undefined);
  return member?.isDirectory() === true ? { uid: member.uid, gid: member.gid } : directory.owner;
}

/**
 * Does `work` with the rights of the owner of a data directory's files, when this process is root and the owner is not: links in the
 * directory then lead only to where the owner could go. Without a directory the work is simply done. Throws a {@link Failure} `denied` when
 * something in the directory belongs to another user, and whatever `work` throws.
 */
export async function asOwnerOf<T>(
  directory: PinnedDirectory | undefined,
  work: () => Promise<T>,
  { action }: { readonly action: string },
): Promise<T> {
  const owner = directory === undefined ? undefined : await actorFor(directory);
  if (directory === undefined || owner === undefined || owner.uid === 0 || process.geteuid?.() !== 0) {
    return await work();
  }
  try {
    return await actingAs(owner, work);
  } catch (error) {
    const cause = error instanceof Failure && error.code === 'denied' ? error.cause : error;
    if (isErrno(cause, 'EACCES', 'EPERM')) {
      const what = cause.path?.replace(directory.path, directory.name) ?? 'something in it';
      throw new Failure({
        code: 'denied',
        action,
        object: directory.name,
        found: `its files belong to user ${owner.uid}, who has no right to ${what}`,
        remedy: `give all of it to the user whom etcd runs as: chown -R USER ${directory.name}`,
        cause: error,
      });
    }
    throw error;
  }
}

/** A directory of root's that nobody else can enter keeps everybody else away from what is in it. */
async function actorFor(directory: PinnedDirectory): Promise<Owner> {
  const { mode } = await directory.handle.stat();
  return directory.owner.uid === 0 && (mode & 0o011) === 0 ? directory.owner : await ownerOfFiles(directory);
}
