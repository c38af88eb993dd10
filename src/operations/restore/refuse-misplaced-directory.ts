import path from 'node:path';
import { realLocation } from '../../fs/real-location.ts';
import { Failure, type FailureParts } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';

/** A directory that is about to be written. */
export interface DirectoryForFiles {
  /** The store whose objects have to stay what they are; undefined for none. */
  readonly store: Pick<SnapStore, 'directory'> | undefined;
  /** It need not exist. */
  readonly directory: string;
  /** How it was chosen. */
  readonly flag: '--data-dir' | '--wal-dir' | '--companions';
  /** As in {@link Failure}. */
  readonly action: string;
}

/** The directories of a store in which all names are those of its objects. */
const LAYOUTS: readonly string[] = ['v1', 'v2'];

/**
 * Directories that every system has for purposes of its own, and a place of etcd's is at most below. Volumes are mounted at /mnt, /opt, /srv
 * and at names that only their machine knows, and the home directory of a user may be the data directory (Debian's `etcd` has
 * /var/lib/etcd), so these are taken.
 */
const OF_SYSTEM: ReadonlySet<string> = new Set(
  [
    [
      '/',
      '/bin',
      '/boot',
      '/dev',
      '/etc',
      '/home',
      '/lib',
      '/lib32',
      '/lib64',
      '/libx32',
      '/proc',
      '/root',
      '/run',
      '/sbin',
      '/sys',
      '/tmp',
    ],
    ['/usr', '/usr/bin', '/usr/lib', '/usr/local', '/usr/local/bin', '/usr/sbin', '/usr/share'],
    ['/var', '/var/cache', '/var/lib', '/var/log', '/var/run', '/var/spool', '/var/tmp'],
  ].flat(),
);

/**
 * Throws a {@link Failure} `directory_of_system` for one that belongs to the system, such as `/` where a variable before it was empty
 * (`-d $DIR/`), `data_dir_in_store` for a directory among the snapshots of a store on this machine, and for one whose `member`
 * holds the store, which would be set aside with it. Where one is only inside the other, as on a volume for both, it warns. Links are
 * followed.
 */
export async function refuseMisplacedDirectory(
  place: DirectoryForFiles,
  { log }: Pick<RunContext, 'log'>,
): Promise<void> {
  const { store, directory, flag } = place;
  const given = path.resolve(directory);
  const target = await locationOf(given);
  if (OF_SYSTEM.has(given) || OF_SYSTEM.has(target)) {
    const found = OF_SYSTEM.has(given)
      ? 'it belongs to the system'
      : `it leads to ${target}, which belongs to the system`;
    throw refusal(place, {
      code: 'directory_of_system',
      found,
      remedy: `give ${flag} a directory of its own below it`,
    });
  }
  if (store?.directory === undefined) {
    return;
  }
  const { container, root } = store.directory;
  const [containerAt, rootAt] = [await locationOf(container), await locationOf(root)];
  const below = relativeTo(containerAt, target);
  if (below?.some((name) => LAYOUTS.includes(name)) === true) {
    throw amongObjects(place, `it is among the snapshots of the store, ${root}`);
  }
  const storeBelow = relativeTo(target, rootAt);
  if (storeBelow?.[0] === 'member') {
    throw amongObjects(place, `its member/ holds the store, ${root}`);
  }
  const text =
    storeBelow !== undefined
      ? `${given} ${storeBelow.length === 0 ? 'is the store itself' : `holds the store, ${root}`}`
      : relativeTo(rootAt, target) !== undefined
        ? `${given} is inside the store, ${root}`
        : undefined;
  if (text !== undefined) {
    log.warn({ flag, store: root }, `${text}: losing one means losing both. Another volume for the backup is safer`);
  }
}

/** Where a path leads; as it is where that cannot be found out. */
async function locationOf(file: string): Promise<string> {
  return await realLocation(file).then(
    (found) => found.path,
    () => path.resolve(file),
  );
}

/** The names that lead from one directory down to another; undefined when it is not below it. */
function relativeTo(above: string, below: string): readonly string[] | undefined {
  const names = path.relative(above, below).split(path.sep);
  return names[0] === '..' ? undefined : names.filter((name) => name !== '');
}

function amongObjects(place: DirectoryForFiles, found: string): Failure {
  return refusal(place, { code: 'data_dir_in_store', found, remedy: `choose another ${place.flag}` });
}

function refusal(
  { action, directory }: DirectoryForFiles,
  parts: Pick<FailureParts, 'code' | 'found' | 'remedy'>,
): Failure {
  return new MisplacedDirectory({ action, object: path.resolve(directory), ...parts });
}

/** What is wrong was in the command line. */
class MisplacedDirectory extends Failure {
  override readonly exitCode = 2;
}
