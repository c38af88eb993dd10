import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from '../../fs/errno.ts';
import { openFile } from '../../fs/open-file.ts';
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

/** The snapshot that etcd would start from, and the damaged newer files that it would skip (and rename to `.broken`). */
export interface SnapChoice {
  readonly snapshot: RaftSnapshot | undefined;
  readonly passedOver: readonly Damage[];
}

/**
 * Chooses as etcd does at its start: the newest intact file whose term and index have a mark in the WAL. Without one, etcd
 * begins with the first entry of the log.
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

/** Reads one `.snap` file; returns the {@link Damage} of a damaged one, or of what has this name and is no file. */
export async function readSnapFile(file: string): Promise<RaftSnapshot | Damage> {
  try {
    if (!(await stat(file)).isFile()) {
      return new Damage({ file, offset: 0, reason: 'it is no file' });
    }
    return decodeSnapFile(await readWhole(file), file);
  } catch (error) {
    if (error instanceof Damage) {
      return error;
    }
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) {
      return new Damage({ file, offset: 0, reason: 'it is a link that leads to no file', cause: error });
    }
    throw error;
  }
}

async function readWhole(file: string): Promise<Uint8Array> {
  const handle = await openFile(file);
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** Name of a db from the leader that has not replaced `db` yet; it belongs to the snapshot of this index. */
export function formatSnapDbName(index: number): string {
  return `${index.toString(16).padStart(16, '0')}.snap.db`;
}
