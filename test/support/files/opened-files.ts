import promises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { eventually } from '../../../scripts/lab/eventually.ts';

/** The file handles that this process opens until it is disposed of. Only one may be in use at a time. */
export class OpenedFiles implements Disposable {
  readonly #original = promises.open;
  readonly #opened: { readonly handle: FileHandle; readonly where: string }[] = [];

  constructor() {
    promises.open = async (...args) => {
      const where = new Error(`${args[0]} was opened`).stack ?? '';
      const handle = await this.#original(...args);
      this.#opened.push({ handle, where });
      return handle;
    };
    syncBuiltinESMExports();
  }

  /** Waits until all are closed. Fails with where those were opened that stay open: only the garbage collector would close them. */
  async untilClosed(what: string): Promise<void> {
    const left = (): readonly string[] => this.#opened.flatMap(({ handle, where }) => (handle.fd === -1 ? [] : where));
    await eventually(() => (left().length === 0 ? true : undefined), {
      timeoutMs: 5_000,
      intervalMs: 5,
      describe: () => `${what} leaves files open:\n${left().join('\n')}`,
    });
  }

  [Symbol.dispose](): void {
    promises.open = this.#original;
    syncBuiltinESMExports();
  }
}
