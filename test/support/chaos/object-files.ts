import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GcsObject } from '../servers/gcs/object-space.ts';

/** Files that are being written; a reader passes them over. */
const UNFINISHED = '.part';

/**
 * The objects of a loopback store, each also a file: what was acknowledged outlives the process, however it ends. A file holds a
 * line of JSON and then the object's bytes, and appears whole.
 */
export class ObjectFiles extends Map<string, GcsObject> {
  readonly #directory: string;

  /** Begins with what an earlier process left in `directory`, which is made when it is missing. */
  constructor(directory: string) {
    super();
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
    for (const object of readObjectFiles(directory)) {
      super.set(object.name, object);
    }
  }

  override set(name: string, object: GcsObject): this {
    const { body, ...facts } = object;
    const path = join(this.#directory, encodeURIComponent(name));
    writeFileSync(`${path}${UNFINISHED}`, Buffer.concat([Buffer.from(`${JSON.stringify(facts)}\n`), body]));
    renameSync(`${path}${UNFINISHED}`, path);
    return super.set(name, object);
  }

  override delete(name: string): boolean {
    rmSync(join(this.#directory, encodeURIComponent(name)), { force: true });
    return super.delete(name);
  }
}

/** Every object in `directory`. */
export function readObjectFiles(directory: string): readonly GcsObject[] {
  return readdirSync(directory)
    .filter((file) => !file.endsWith(UNFINISHED))
    .map((file) => {
      const bytes = readFileSync(join(directory, file));
      const end = bytes.indexOf('\n');
      const facts = JSON.parse(bytes.toString('utf8', 0, end)) as Omit<GcsObject, 'body'>;
      return { ...facts, body: bytes.subarray(end + 1) };
    });
}
