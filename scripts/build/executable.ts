import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { Chunk } from './bundle.ts';
import { rehearse } from './rehearse.ts';

const run = promisify(execFile);

/** Marks the place in a Node binary where it notes that an application was injected; see Node's documentation of single executables. */
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** What the executable carries beside Node. */
export interface ExecutableParts {
  readonly chunks: readonly Chunk[];
  /** Further assets by name: programs of worker threads, native code. */
  readonly assets: Readonly<Record<string, string | Uint8Array>>;
  /** The Node binary to build on; the one that also made the chunks' caches. */
  readonly node: string;
  /** For intermediate files. */
  readonly workDir: string;
  readonly outputFile: string;
}

/** Injects the program into a copy of Node (a "single executable application") and puts it in place at once. */
export async function writeExecutable(parts: ExecutableParts): Promise<void> {
  const { chunks, workDir, outputFile } = parts;
  const assetDir = join(workDir, 'assets');
  await rm(assetDir, { recursive: true, force: true });
  await mkdir(assetDir, { recursive: true });
  const contents: Record<string, string | Uint8Array> = { ...parts.assets };
  for (const { name, source, cache } of chunks) {
    contents[name] = source;
    contents[`${name}.cache`] = cache;
  }
  const assets: Record<string, string> = {};
  for (const [name, bytes] of Object.entries(contents)) {
    const file = join(assetDir, name);
    await writeFile(file, bytes);
    assets[name] = file;
  }
  for (const [name, cache] of await rehearse({ assetDir, node: parts.node, workDir })) {
    await writeFile(join(assetDir, name), cache);
  }
  const boot = join(workDir, 'boot.cjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'boot.ts')],
    outfile: boot,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minifySyntax: true,
  });
  const blob = join(workDir, 'program.blob');
  const configuration = join(workDir, 'sea-config.json');
  await writeFile(
    configuration,
    JSON.stringify({
      main: boot,
      output: blob,
      assets,
      disableExperimentalSEAWarning: true,
      useCodeCache: true,
      // A watch makes large buffers into garbage fast; a small young generation (MB) notices them before they pile up.
      // Most other flags would make V8 refuse the compiled code.
      // Dependencies use url.parse (DEP0169) and punycode (DEP0040); users can do nothing about either.
      execArgv: ['--disable-warning=DEP0169', '--disable-warning=DEP0040', '--max-semi-space-size=4'],
      execArgvExtension: 'none',
    }),
  );
  await run(parts.node, ['--experimental-sea-config', configuration]);
  const unfinished = `${outputFile}.part`;
  await mkdir(dirname(outputFile), { recursive: true });
  await copyFile(parts.node, unfinished);
  await chmod(unfinished, 0o755);
  await run('strip', [unfinished]);
  const postject = join(import.meta.dirname, '../../node_modules/postject/dist/cli.js');
  await run(parts.node, [postject, unfinished, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse]);
  await forgetCachedPages(unfinished);
  await rename(unfinished, outputFile);
}

/**
 * Writes the file out and drops it from the page cache. Pages of a file just written stand in large folios, and a process
 * that runs from them is charged for all of a folio when it touches one page: 25 MB that are not there after the next
 * boot, or on any other machine.
 */
async function forgetCachedPages(file: string): Promise<void> {
  await run('dd', [`of=${file}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0']);
}
