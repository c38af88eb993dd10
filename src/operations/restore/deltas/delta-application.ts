import type { Database } from '../../../datadir/bbolt/database.ts';
import type { Meta } from '../../../datadir/bbolt/meta.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import { DatabaseWriter } from '../database-writer.ts';
import { type AppliedDeltas, applyDeltas, type DeltaSource } from './apply.ts';

/** The database that deltas are applied to. */
export interface BaseInFile {
  readonly file: string;
  /** The newest meta of the base. */
  readonly meta: Meta;
  /** Resolves when the base is whole in the file; rejects when it never will be. */
  readonly base: Promise<Database>;
  readonly quotaBytes: number | undefined;
}

/** Deltas that are being applied, perhaps while the base they follow is still being written. */
export class DeltaApplication implements AsyncDisposable {
  /** What they added. Rejects as applyDeltas does, and as the base does. */
  readonly applied: Promise<AppliedDeltas>;
  readonly #source: DeltaSource;
  readonly #base: Promise<Database>;
  readonly #database: Promise<DatabaseWriter>;

  /** Begins at once. */
  constructor(target: BaseInFile, source: DeltaSource, context: RunContext) {
    this.#source = source;
    this.#base = target.base;
    this.#database = DatabaseWriter.begin(target.file, target);
    this.applied = this.#database.then((database) => applyDeltas(database, source, context));
    // It is awaited when the base is whole; until then a failure must not count as unhandled.
    this.applied.catch(() => undefined);
    // The thread that read them ends while the database is made durable. A failure is thrown where this is disposed of.
    this.applied.then(() => source.pipeline[Symbol.asyncDispose]()).catch(() => undefined);
  }

  /** The database, which has to be finished when the deltas are applied. */
  get database(): Promise<DatabaseWriter> {
    return this.#database;
  }

  /** Stops applying and closes the database. The base has to be settled before. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#source.pipeline[Symbol.asyncDispose]();
    } finally {
      await Promise.allSettled([this.applied]);
      await this.#database.then(
        (database) => database[Symbol.asyncDispose](),
        // It is what would have closed the base.
        () => this.#base.then(close, () => undefined),
      );
    }
  }
}

async function close(base: Database): Promise<void> {
  await base[Symbol.asyncDispose]();
}
