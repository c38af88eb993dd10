import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { TempDir } from '../../scripts/lab/temp-dir.ts';
import { AppendTransaction } from '../../src/datadir/bbolt/append-transaction.ts';
import { EntryBatchBuilder } from '../../src/datadir/bbolt/entry-batch.ts';
import { changeRecord } from '../support/datadir/change-record.ts';
import { goldenRevision } from '../support/etcd/scripted-cluster.ts';
import type { GoldenMember } from './golden-member.ts';
import { eventsOf, type Line } from './lines.ts';

/** The databases of a model cluster, each made once. */
export class ModelDatabases {
  readonly #golden: GoldenMember;
  readonly #dir: TempDir;
  readonly #made = new Map<Line, Map<number, Buffer>>();
  #count = 0;

  /** Files are made in `dir`, which has to be in memory. */
  constructor(golden: GoldenMember, dir: TempDir) {
    this.#golden = golden;
    this.#dir = dir;
  }

  /** The database of a line at a revision. */
  async at(line: Line, revision: number): Promise<Buffer> {
    if (revision <= goldenRevision) {
      return this.#golden.database;
    }
    const ofLine = this.#made.get(line) ?? new Map<number, Buffer>();
    this.#made.set(line, ofLine);
    const found = ofLine.get(revision) ?? (await this.#make(line, revision));
    ofLine.set(revision, found);
    return found;
  }

  /** The same with its SHA-256, as etcd sends it. */
  async stream(line: Line, revision: number): Promise<Buffer> {
    const database = await this.at(line, revision);
    return Buffer.concat([database, createHash('sha256').update(database).digest()]);
  }

  async #make(line: Line, revision: number): Promise<Buffer> {
    this.#count += 1;
    const path = this.#dir.join(`database-${this.#count}`);
    writeFileSync(path, this.#golden.database);
    await using transaction = await AppendTransaction.open(path);
    async function* records() {
      const builder = new EntryBatchBuilder({ bytes: 4096 });
      for (const event of eventsOf(line, 0, revision)) {
        const [key, value] = changeRecord(event, 0);
        builder.add(key, value);
      }
      yield builder.take({ bytes: 64 });
    }
    await transaction.append('key', records());
    await transaction.commit({ signal: new AbortController().signal });
    return readFileSync(path);
  }
}
