import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Damage } from '../damage.ts';
import type { WalSnapshot } from '../wal/record.ts';
import { decodeSnapFile, type RaftSnapshot } from './snap-file.ts';

/** The `.snap` files below `directory`, newest first. The names sort by term and index. */
export async function listSnapFiles(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory);
  return names
    .filter((name) => name.endsWith('.snap'))
    .toSorted()
    .reverse()
    .map((name) => path.join(directory, name));
}

/** The snapshot etcd would start from, and the damaged files it would pass over (and rename to `.broken`) on the way. */
export interface SnapChoice {
  readonly snapshot: RaftSnapshot | undefined;
  readonly passedOver: readonly Damage[];
}

/**
 * Chooses as etcd does at its start: the newest intact file whose term and index the WAL has a mark of.
 * Undefined when there is none, which lets etcd begin with the first entry of the log.
 */
export async function chooseSnapshot(directory: string, marks: readonly WalSnapshot[]): Promise<SnapChoice> {
  const passedOver: Damage[] = [];
  for (const file of await listSnapFiles(directory)) {
    const read = await readSnapFile(file);
    if (read instanceof Damage) {
      passedOver.push(read);
    } else if (marks.some((mark) => mark.term === read.term && mark.index === read.index)) {
      return { snapshot: read, passedOver };
    }
  }
  return { snapshot: undefined, passedOver };
}

/** The index in the name of the newest `.snap` file, whether it is intact or not; 0 when there is none. */
export async function newestSnapIndex(directory: string): Promise<number> {
  const [newest] = await listSnapFiles(directory);
  const index = /-([0-9a-f]{16})\.snap$/.exec(newest ?? '')?.[1];
  return index === undefined ? 0 : Number.parseInt(index, 16);
}

/** Reads one `.snap` file; a damaged one is returned as its {@link Damage}. */
export async function readSnapFile(file: string): Promise<RaftSnapshot | Damage> {
  try {
    return decodeSnapFile(await readFile(file), file);
  } catch (error) {
    if (error instanceof Damage) {
      return error;
    }
    throw error;
  }
}

/** Name of the db that came with a snapshot from the leader and has not taken the place of `db` yet. */
export function formatSnapDbName(index: number): string {
  return `${index.toString(16).padStart(16, '0')}.snap.db`;
}
