import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Child, startChild } from '../../../scripts/lab/child-process.ts';
import { compileCache } from '../../../scripts/lab/compile-cache.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import type { SnapStore } from '../../../src/snapstore/snapstore.ts';
import type { GcsObject } from '../servers/gcs/object-space.ts';
import { type MemoryObject, memorySnapStore } from '../stores/memory-snapstore.ts';
import { readObjectFiles } from './object-files.ts';

const program = fileURLToPath(new URL('store-program.ts', import.meta.url));

/** A store that can be killed: what it has acknowledged is there when it is started again. */
export class StoreProcess implements AsyncDisposable {
  readonly #directory: string;
  #child: Child;
  #endpoint: string;

  private constructor(directory: string, started: { readonly child: Child; readonly endpoint: string }) {
    this.#directory = directory;
    this.#child = started.child;
    this.#endpoint = started.endpoint;
  }

  /** Starts it over the objects in `directory`. */
  static async start(directory: string): Promise<StoreProcess> {
    return new StoreProcess(directory, await launch(directory));
  }

  /** `http://127.0.0.1:PORT`; another one after each start. */
  get endpoint(): string {
    return this.#endpoint;
  }

  async kill9(): Promise<void> {
    await this.#child.end('SIGKILL');
  }

  /** Starts it again after {@link kill9}. */
  async restart(): Promise<void> {
    const { child, endpoint } = await launch(this.#directory);
    this.#child = child;
    this.#endpoint = endpoint;
  }

  /** What it holds now below `prefix`, as a store that does not change any more. */
  frozen(prefix: string): SnapStore {
    const objects = this.#child.hasExited() ? this.#read() : this.#readStopped();
    const below = `${prefix}/`;
    const inPrefix = objects
      .filter(({ name }) => name.startsWith(below))
      .map(({ name, body }): MemoryObject => ({ key: name.slice(below.length), bytes: body }));
    return memorySnapStore(inPrefix);
  }

  #read(): readonly GcsObject[] {
    return readObjectFiles(this.#directory);
  }

  #readStopped(): readonly GcsObject[] {
    const { pid } = this.#child;
    process.kill(pid, 'SIGSTOP');
    try {
      while (!/^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))) {
        // The signal is on its way.
      }
      return this.#read();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill9();
  }
}

async function launch(directory: string): Promise<{ readonly child: Child; readonly endpoint: string }> {
  const child = startChild(process.execPath, [program, directory], { env: compileCache });
  const endpoint = await eventually(
    () => {
      if (child.hasExited()) {
        throw new Error(`the store ended during its start:\n${child.output()}`);
      }
      return /^http:\S+(?=\n)/m.exec(child.output())?.[0];
    },
    { timeoutMs: 60_000, intervalMs: 10, describe: () => `the store did not start:\n${child.output()}` },
  );
  return { child, endpoint };
}
