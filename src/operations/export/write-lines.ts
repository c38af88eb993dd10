import { createHash } from 'node:crypto';
import { type ExportHeader, footerLine, headerLine, keyLine } from './export-line.ts';
import type { ExportedKey } from './exported-key.ts';

/** Lines of an export, one by one, with the hash of what was written so far. */
export class ExportLines {
  readonly #write: (line: string) => Promise<void>;
  readonly #hash = createHash('sha256');
  #keys = 0;

  /** `write` takes a line without its end. */
  constructor(write: (line: string) => Promise<void>) {
    this.#write = write;
  }

  /** Keys that were written. */
  get keys(): number {
    return this.#keys;
  }

  async begin(header: ExportHeader): Promise<void> {
    await this.#add(headerLine(header));
  }

  async add(key: ExportedKey, file?: Parameters<typeof keyLine>[1]): Promise<void> {
    this.#keys++;
    await this.#add(keyLine(key, file));
  }

  async end(): Promise<void> {
    await this.#write(footerLine({ keys: this.#keys, sha256: this.#hash.digest('hex') }));
  }

  async #add(line: string): Promise<void> {
    this.#hash.update(`${line}\n`);
    await this.#write(line);
  }
}
