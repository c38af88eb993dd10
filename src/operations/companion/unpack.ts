import { chmod, lchown, lutimes, open, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeDirectories } from '../../fs/directories.ts';
import { errnoName, isErrno } from '../../fs/errno.ts';
import { fileFailure } from '../../fs/file-failure.ts';
import { VolumeSpace } from '../../fs/volume-space.ts';
import { ArchiveDamage } from './archive-damage.ts';
import { type ArchiveEntry, type ArchiveLimits, archiveEntries } from './archive-entries.ts';

/** `kept` gives files to the users they belonged to, which only root can; `ours` leaves them to the user who unpacks. */
export type Owners = 'kept' | 'ours';

/** How an archive is unpacked. */
export interface UnpackOptions extends Partial<ArchiveLimits> {
  readonly owners: Owners;
  /** What the directory is called in messages; left out, its path. */
  readonly name?: string;
  readonly signal: AbortSignal;
}

/**
 * Unpacks a tar archive into `directory`, which is empty or missing, with permissions (never setuid or setgid) and times. Nothing is
 * ever written outside of it: links are made last. Returns the number of files and links.
 * Throws {@link ArchiveDamage}, a Failure of the file system (`no_space`, `denied` and others), the signal's reason, and whatever
 * `archive` throws.
 */
export async function unpackFiles(
  archive: AsyncIterable<Uint8Array>,
  directory: string,
  { owners, signal, name = directory, ...most }: UnpackOptions,
): Promise<number> {
  await writing(name, () => makeDirectories(directory));
  const space = await VolumeSpace.in(directory);
  let unpacked = 0;
  const onBytes = (bytes: number): void => {
    unpacked += bytes;
    space.expect(unpacked);
  };
  const inDirectory = <T>(step: () => Promise<T>, entry?: ArchiveEntry): Promise<T> =>
    writing(name, () => space.writing(step), entry);
  const directories: ArchiveEntry[] = [];
  const links: ArchiveEntry[] = [];
  const files = new Set<string>();
  for await (const entry of archiveEntries(archive, most)) {
    signal.throwIfAborted();
    const path = join(directory, entry.path);
    await inDirectory(() => makeDirectories(entry.kind === 'directory' ? path : dirname(path)), entry);
    switch (entry.kind) {
      case 'directory':
        directories.push(entry);
        break;
      case 'symlink':
        links.push(entry);
        break;
      case 'file':
        if (files.has(path)) {
          // Of a path that an archive holds twice the later entry counts, as in tar.
          await inDirectory(() => rm(path));
        }
        await writeFile(path, entry, inDirectory, onBytes);
        await inDirectory(() => finish(path, entry, owners), entry);
        files.add(path);
        break;
      default:
        entry.kind satisfies never;
    }
  }
  for (const entry of links) {
    const path = join(directory, entry.path);
    await inDirectory(() => symlink(entry.target, path), entry);
    await inDirectory(() => finish(path, entry, owners), entry);
  }
  for (const entry of directories.toReversed()) {
    await inDirectory(() => finish(join(directory, entry.path), entry, owners), entry);
  }
  return files.size + links.length;
}

type Writing = <T>(step: () => Promise<T>, entry?: ArchiveEntry) => Promise<T>;

async function writeFile(
  path: string,
  entry: ArchiveEntry,
  inDirectory: Writing,
  onBytes: (bytes: number) => void,
): Promise<void> {
  await using handle = await inDirectory(() => open(path, 'wx', 0o600), entry);
  for await (const bytes of entry.contents) {
    onBytes(bytes.length);
    await inDirectory(() => handle.writeFile(bytes));
  }
  await inDirectory(() => handle.sync());
}

async function finish(path: string, entry: ArchiveEntry, owners: Owners): Promise<void> {
  if (owners === 'kept') {
    await lchown(path, entry.uid, entry.gid);
  }
  if (entry.kind !== 'symlink') {
    await chmod(path, entry.mode);
  }
  await lutimes(path, entry.modified, entry.modified);
}

/** Errors of the file system for names and numbers that no archive of this program holds. */
const ofTheArchive: Readonly<Record<string, string>> = {
  EEXIST: 'twice, or as a file and as a directory',
  ENOTDIR: 'twice, or as a file and as a directory',
  EISDIR: 'twice, or as a file and as a directory',
  ENOENT: 'in a directory that it replaces',
  ELOOP: 'below a link',
  ENAMETOOLONG: 'with a longer name than files can have',
  EINVAL: 'with a name, an owner or a time that files cannot have',
  EOVERFLOW: 'with a name, an owner or a time that files cannot have',
};

/**
 * Runs a step in the file system. Below a directory that was empty, what is in the way of `entry` came from the same archive.
 */
async function writing<T>(name: string, step: () => Promise<T>, entry?: ArchiveEntry): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (entry !== undefined && isErrno(error, ...Object.keys(ofTheArchive))) {
      const how = ofTheArchive[errnoName(error)] ?? 'in an impossible way';
      throw new ArchiveDamage(`it holds ${shortened(entry.path)} ${how}`, { cause: error });
    }
    throw fileFailure(error, { action: 'unpack companions into', object: name }) ?? error;
  }
}

function shortened(path: string): string {
  return path.length <= 200 ? path : `${path.slice(0, 200)}…`;
}
