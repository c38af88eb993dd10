import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A small backup, in the form that tests have it. */
const BACKUP = join(import.meta.dirname, '../../test/fixtures/golden/etcd-3.5/gzip/store');

/**
 * Rehearses what a container waits for at every start: restores a data directory and looks at it. Gives V8's caches of the
 * chunks that took part, by the name of their asset.
 */
export async function rehearse(options: {
  /** Directory of the executable's assets. */
  readonly assetDir: string;
  readonly node: string;
  readonly workDir: string;
}): Promise<ReadonlyMap<string, Uint8Array>> {
  const { assetDir, node, workDir } = options;
  const scratch = join(workDir, 'rehearsal');
  const caches = join(scratch, 'caches');
  await rm(scratch, { recursive: true, force: true });
  await mkdir(caches, { recursive: true });
  const store = ['--storage-provider', 'Local', '--store-container', BACKUP, '--store-prefix', 'etcd-main'];
  const command = ['initialize', ...store, '--data-dir', join(scratch, 'data'), '--validation-mode'];
  // The first finds no data directory and restores it; each takes the place of what the ones before left.
  for (const mode of ['sanity', 'full', 'sanity']) {
    const script = join(import.meta.dirname, 'rehearsal.ts');
    await run(node, [script, assetDir, caches, ...command, mode], { env: {}, maxBuffer: 1 << 26 });
  }
  const names = await readdir(caches);
  const entries = names.map(async (name) => [name, await readFile(join(caches, name))] as const);
  return new Map(await Promise.all(entries));
}
