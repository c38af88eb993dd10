import { chmod, lchown, lutimes, mkdir, open, readdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isErrno } from '../../fs/errno.ts';
import { fileFailure } from '../../fs/file-failure.ts';
import { Failure } from '../../runtime/failure.ts';
import { ArchiveDamage } from './archive-damage.ts';
import { type ArchiveEntry, type ArchiveLimits, archiveEntries } from './archive-entries.ts';

/** `kept` gives files to the users they belonged to, which only root can; `ours` leaves them to the user who unpacks. */
export type Owners = 'kept' | 'ours';

/**
 * Unpacks a tar archive into `directory`, which must be empty or missing, with modes and times. Nothing is ever written outside
 * of it: links are made last. Returns the number of files and links.
 * Throws {@link ArchiveDamage}, a {@link Failure} (`companion_target` when the directory holds something, `no_space`, `denied` and
 * others of the file system), and whatever `archive` throws.
 */
export async function unpackFiles(
  archive: AsyncIterable<Uint8Array>,
  directory: string,
  { owners, ...most }: { readonly owners: Owners } & Partial<ArchiveLimits>,
): Promise<number> {
  await writing(directory, () => prepare(directory));
  const directories: ArchiveEntry[] = [];
  const links: ArchiveEntry[] = [];
  const files = new Set<string>();
  for await (const entry of archiveEntries(archive, most)) {
    const path = join(directory, entry.path);
    const parent = entry.kind === 'directory' ? path : dirname(path);
    await writing(directory, () => mkdir(parent, { recursive: true, mode: 0o700 }), entry);
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
          await writing(directory, () => rm(path));
        }
        await writeFile(directory, entry);
        await writing(directory, () => finish(path, entry, owners), entry);
        files.add(path);
        break;
      default:
        entry.kind satisfies never;
    }
  }
  for (const entry of links) {
    const path = join(directory, entry.path);
    await writing(directory, () => symlink(entry.target, path), entry);
    await writing(directory, () => finish(path, entry, owners), entry);
  }
  for (const entry of directories.toReversed()) {
    await writing(directory, () => finish(join(directory, entry.path), entry, owners), entry);
  }
  return files.size + links.length;
}

async function prepare(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const [first] = await readdir(directory);
  if (first !== undefined) {
    throw new Failure({
      code: 'companion_target',
      action: 'unpack companions into',
      object: directory,
      found: `it already contains ${first}`,
      remedy: 'move it away or give another --companions directory',
    });
  }
}

async function writeFile(directory: string, entry: ArchiveEntry): Promise<void> {
  await using handle = await writing(directory, () => open(join(directory, entry.path), 'wx', 0o600), entry);
  for await (const bytes of entry.contents) {
    await writing(directory, () => handle.writeFile(bytes));
  }
  await writing(directory, () => handle.sync());
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

/**
 * Runs a step in the file system. Below a directory that was empty, a name that is in the way of `entry` came from the same archive.
 */
async function writing<T>(directory: string, step: () => Promise<T>, entry?: ArchiveEntry): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (entry !== undefined && isErrno(error, 'EEXIST', 'ENOTDIR', 'EISDIR')) {
      throw new ArchiveDamage(`it holds ${entry.path} twice, or as a file and as a directory`, { cause: error });
    }
    throw fileFailure(error, { action: 'unpack companions into', object: directory }) ?? error;
  }
}
