import { Database } from '../../datadir/bbolt/database.ts';
import { createTemporaryFile } from '../../fs/temporary-file.ts';
import { writeFull } from '../../objects/write-full.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';

/** The database of a full in a temporary file, fetched when it is asked for. Disposing removes the file. */
export class ExpandedFull implements AsyncDisposable {
  readonly #source: { readonly store: SnapStore; readonly full: StoredSnapshot };
  readonly #tempDir: string;
  readonly #stack = new AsyncDisposableStack();
  #opened: Promise<Database> | undefined;

  constructor(source: { readonly store: SnapStore; readonly full: StoredSnapshot; readonly tempDir: string }) {
    this.#source = source;
    this.#tempDir = source.tempDir;
  }

  /** Throws SnapshotDamage, Damage and what the store and the file throw. */
  open(context: RunContext): Promise<Database> {
    this.#opened ??= this.#expand(context);
    return this.#opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([this.#opened]);
    await this.#stack[Symbol.asyncDispose]();
  }

  async #expand(context: RunContext): Promise<Database> {
    const file = this.#stack.use(await createTemporaryFile(this.#tempDir, 'compare', context));
    await writeFull(this.#source, { file: file.path, skipHashCheck: false, onRead: () => undefined }, context);
    return this.#stack.use(await Database.open(file.path));
  }
}
