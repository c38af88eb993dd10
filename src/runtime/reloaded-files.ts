import { stat } from 'node:fs/promises';
import type { Clock } from './clock.ts';
import type { Logger } from './log/logger.ts';

/** How long files are waited for that were read before, as on a file server that does not answer, ms. */
const longestMs = 10_000;

/** Files, and how a value is made of them. */
export interface ReloadedFilesRequest<T> {
  readonly paths: readonly string[];
  /** What they are, for messages: `The recipients in keys.txt`. */
  readonly what: string;
  /** Reads them. Throws where they hold nothing that can be used. */
  readonly read: () => Promise<T>;
}

/** A value that was read from files, and is read again when it is asked for after they have changed. Where a pipe is among them they are read once. */
export class ReloadedFiles<T> {
  readonly #request: ReloadedFilesRequest<T>;
  readonly #context: { readonly clock: Clock; readonly log: Logger };
  #value: T;
  /** The files as they were when they were last read; undefined where they could not be used then. */
  #stamp: string | undefined;
  #fault: string | undefined;
  #reading: Promise<void> | undefined;

  private constructor(
    request: ReloadedFilesRequest<T>,
    { value, stamp }: { readonly value: T; readonly stamp: string },
    context: { readonly clock: Clock; readonly log: Logger },
  ) {
    this.#request = request;
    this.#value = value;
    this.#stamp = stamp;
    this.#context = context;
  }

  /** Reads the files for the first time. Throws what `read` throws. */
  static async open<T>(
    request: ReloadedFilesRequest<T>,
    context: { readonly clock: Clock; readonly log: Logger },
  ): Promise<ReloadedFiles<T>> {
    const areFiles = await Promise.all(request.paths.map(isFile));
    const paths = areFiles.includes(false) ? [] : request.paths;
    const stamp = await stampOf(paths);
    const value = await request.read();
    return new ReloadedFiles({ ...request, paths }, { value, stamp }, context);
  }

  /** What was read last without a fault. */
  get value(): T {
    return this.#value;
  }

  /**
   * What the files hold now; where they cannot be used, as in the middle of a change, what they held before, with one warning. Never rejects,
   * and waits a few seconds at most.
   */
  async current(): Promise<T> {
    this.#reading ??= this.#readAgain().finally(() => {
      this.#reading = undefined;
    });
    const { clock } = this.#context;
    const over = new AbortController();
    const late = clock.sleep(longestMs, over.signal).then(
      () => this.#goOn(`they cannot be read: no answer came for ${longestMs / 1_000} s`),
      () => undefined,
    );
    await Promise.race([this.#reading, late]);
    over.abort();
    return this.#value;
  }

  async #readAgain(): Promise<void> {
    const stamp = await stampOf(this.#request.paths);
    if (stamp === this.#stamp) {
      return;
    }
    this.#stamp = undefined;
    try {
      this.#value = await this.#request.read();
      this.#stamp = stamp;
      this.#fault = undefined;
      this.#context.log.info(`${this.#request.what} have changed and were read again`);
    } catch (error) {
      this.#goOn(error instanceof Error ? error.message : String(error));
    }
  }

  #goOn(fault: string): void {
    if (fault !== this.#fault) {
      this.#fault = fault;
      this.#context.log.warn(`${this.#request.what} stay those that were read before: ${fault}`);
    }
  }
}

async function isFile(path: string): Promise<boolean> {
  const facts = await stat(path).catch(() => undefined);
  return facts?.isFile() !== false;
}

async function stampOf(paths: readonly string[]): Promise<string> {
  const stamps = await Promise.all(
    paths.map(async (path) => {
      const facts = await stat(path, { bigint: true }).catch(() => undefined);
      return facts === undefined ? 'none' : `${facts.mtimeNs}/${facts.ctimeNs}/${facts.size}/${facts.ino}`;
    }),
  );
  return stamps.join(' ');
}
