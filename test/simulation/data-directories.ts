import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { TempDir } from '../../scripts/lab/temp-dir.ts';
import { Database } from '../../src/datadir/bbolt/database.ts';
import { readLastRevision } from '../../src/datadir/mvcc/last-revision.ts';
import { readWalOwner } from '../../src/datadir/wal/wal-owner.ts';
import { type FileLock, tryLockFile } from '../../src/runtime/process/file-lock.ts';
import type { GoldenMember } from './golden-member.ts';
import type { Line } from './lines.ts';
import type { ModelDatabases } from './model-databases.ts';
import type { ModelDisk, ModelMember } from './model-member.ts';

/** What became of the files of a member. */
export type FoundFiles =
  | { readonly kind: 'as they were' }
  | { readonly kind: 'gone' }
  /** Another member is there, at a revision. */
  | { readonly kind: 'another'; readonly id: bigint; readonly clusterId: bigint; readonly revision: number };

interface Written {
  readonly disk: ModelDisk;
  readonly line: Line;
  readonly revision: number;
  /** Of `member/`. */
  readonly inode: number;
}

/**
 * The data directories of all members as real files, which sidecars validate and replace. A member that runs has them in its model
 * alone; they are written when somebody is about to look.
 */
export class DataDirectories {
  readonly #dir: TempDir;
  readonly #golden: GoldenMember;
  readonly #databases: ModelDatabases;
  readonly #written = new Map<ModelMember, Written>();
  readonly #locks = new Map<ModelMember, FileLock>();

  constructor(parts: { readonly dir: TempDir; readonly golden: GoldenMember; readonly databases: ModelDatabases }) {
    this.#dir = parts.dir;
    this.#golden = parts.golden;
    this.#databases = parts.databases;
  }

  pathOf({ name }: ModelMember): string {
    return this.#dir.join(name, 'data');
  }

  /** Brings the files of a member to where its model is. */
  async write(member: ModelMember): Promise<void> {
    const { disk, line, applied: revision } = member;
    if (disk === undefined) {
      return;
    }
    const before = this.#written.get(member);
    const place = path.join(this.pathOf(member), 'member');
    const isThere = before?.disk === disk && existsSync(place);
    if (isThere && before.line === line && before.revision === revision) {
      return;
    }
    const database = await this.#databases.at(line, revision);
    if (!isThere) {
      rmSync(place, { recursive: true, force: true });
      mkdirSync(path.join(place, 'snap'), { recursive: true, mode: 0o700 });
      mkdirSync(path.join(place, 'wal'), { mode: 0o700 });
      for (const [name, bytes] of await this.#golden.raftFiles(disk)) {
        writeFileSync(path.join(place, name), bytes, { mode: 0o600 });
      }
    }
    writeFileSync(path.join(place, 'snap', 'db'), database, { mode: 0o600 });
    damage(place, disk);
    this.#written.set(member, { disk, line, revision, inode: lstatSync(place).ino });
  }

  /** The volume is lost, and another one is empty. */
  wipe(member: ModelMember): void {
    this.#written.delete(member);
    rmSync(this.#dir.join(member.name), { recursive: true, force: true });
  }

  /** Looks at what is there now. */
  async look(member: ModelMember): Promise<FoundFiles> {
    const place = path.join(this.pathOf(member), 'member');
    if (member.disk !== undefined && !this.#written.has(member)) {
      return { kind: 'as they were' };
    }
    if (!existsSync(place)) {
      this.#written.delete(member);
      return member.disk === undefined ? { kind: 'as they were' } : { kind: 'gone' };
    }
    if (lstatSync(place).ino === this.#written.get(member)?.inode) {
      return { kind: 'as they were' };
    }
    const { signal } = new AbortController();
    const owner = await readWalOwner(path.join(place, 'wal'), { signal });
    await using database = await Database.open(path.join(place, 'snap', 'db'));
    const revision = await readLastRevision(database);
    return { kind: 'another', id: owner?.nodeId ?? 0n, clusterId: owner?.clusterId ?? 0n, revision };
  }

  /** From now on the member counts as written as it is: its files are those that were found. */
  adopt(member: ModelMember): void {
    const place = path.join(this.pathOf(member), 'member');
    if (member.disk !== undefined && existsSync(place)) {
      const { disk, line, applied: revision } = member;
      this.#written.set(member, { disk, line, revision, inode: lstatSync(place).ino });
    }
  }

  /** An etcd that runs holds the lock of its database. */
  async lock(member: ModelMember): Promise<void> {
    const db = path.join(this.pathOf(member), 'member', 'snap', 'db');
    if (existsSync(db) && !this.#locks.has(member)) {
      const attempt = await tryLockFile(db);
      if (attempt.acquired) {
        this.#locks.set(member, attempt.lock);
      }
    }
  }

  /** It has ended. */
  async unlock(member: ModelMember): Promise<void> {
    const lock = this.#locks.get(member);
    this.#locks.delete(member);
    await lock?.[Symbol.asyncDispose]();
  }
}

function damage(place: string, { health }: ModelDisk): void {
  const db = path.join(place, 'snap', 'db');
  switch (health) {
    case 'sound':
      break;
    case 'short database':
      truncateSync(db, 8_192);
      break;
    case 'blank database':
      overwrite(db, 0, Buffer.alloc(16_384));
      break;
    case 'damaged log':
      overwrite(path.join(place, 'wal', '0000000000000000-0000000000000000.wal'), 200, Buffer.alloc(64, 0x5a));
      break;
    default:
      health satisfies never;
  }
}

function overwrite(file: string, at: number, bytes: Buffer): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, bytes, 0, bytes.length, at);
  closeSync(handle);
}
