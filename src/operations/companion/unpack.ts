import { chmod, lchown, lutimes, mkdir, open, readdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '../../runtime/failure.ts';
import { ByteSource } from './byte-source.ts';
import { decodePaxRecords, decodeTarHeader, TarDamage, type TarEntry, tarBlock } from './tar-header.ts';

/** Larger attributes than this are none of ours. */
const mostAttributes = 1024 * 1024;

/**
 * Unpacks a tar archive into `directory`, which must be empty or missing, with modes and times, and with owners when
 * run as root. Nothing is ever written outside of it: links are made last. Returns the number of files.
 * Throws {@link TarDamage}, or a Failure `companion_target` when the directory holds something.
 */
export async function unpackFiles(
  archive: AsyncIterable<Uint8Array>,
  directory: string,
  { owners }: { readonly owners: 'kept' | 'ours' },
): Promise<number> {
  await prepare(directory);
  const source = new ByteSource(archive);
  const directories: TarEntry[] = [];
  const links: TarEntry[] = [];
  let files = 0;
  let attributes: ReadonlyMap<string, string> = new Map();
  for (;;) {
    const header = decodeTarHeader(await source.take(tarBlock), attributes);
    if (header.what === 'end') {
      break;
    }
    if (header.what === 'attributes') {
      if (header.size > mostAttributes) {
        throw new TarDamage('the attributes of an entry are too large');
      }
      attributes = decodePaxRecords(await source.take(header.size));
      await source.take((tarBlock - (header.size % tarBlock)) % tarBlock);
      continue;
    }
    attributes = new Map();
    const entry = safe(header.entry);
    const path = join(directory, entry.path);
    await mkdir(entry.kind === 'directory' ? path : dirname(path), { recursive: true, mode: 0o700 });
    if (entry.kind === 'directory') {
      directories.push(entry);
    } else if (entry.kind === 'symlink') {
      links.push(entry);
    } else {
      await writeFile(path, entry, source);
      await finish(path, entry, owners);
      files += 1;
    }
  }
  for (const entry of links) {
    const path = join(directory, entry.path);
    await symlink(entry.target ?? '', path);
    await finish(path, entry, owners);
  }
  for (const entry of directories.toReversed()) {
    await finish(join(directory, entry.path), entry, owners);
  }
  return files + links.length;
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

async function writeFile(path: string, { size }: TarEntry, source: ByteSource): Promise<void> {
  await using handle = await open(path, 'wx', 0o600);
  for await (const bytes of source.stream(size)) {
    await handle.writeFile(bytes);
  }
  await source.take((tarBlock - (size % tarBlock)) % tarBlock);
  await handle.sync();
}

async function finish(path: string, entry: TarEntry, owners: 'kept' | 'ours'): Promise<void> {
  if (owners === 'kept') {
    await lchown(path, entry.uid, entry.gid);
  }
  if (entry.kind !== 'symlink') {
    await chmod(path, entry.mode);
  }
  await lutimes(path, entry.modified, entry.modified);
}

/** Refuses a path that would leave the directory. */
function safe(entry: TarEntry): TarEntry {
  const parts = entry.path.split('/').filter((part) => part !== '' && part !== '.');
  if (entry.path.startsWith('/') || parts.length === 0 || parts.includes('..')) {
    throw new TarDamage(`it holds the path ${JSON.stringify(entry.path)}, which leads out of it`);
  }
  return { ...entry, path: parts.join('/') };
}
