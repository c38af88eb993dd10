import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { Chunk } from './bundle.ts';
import { packChunks } from './chunk-pack.ts';

const run = promisify(execFile);

/** Marks the place in a Node binary where it notes that an application was injected; see Node's documentation of single executables. */
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** The Node that an executable is made of, and how this machine handles it. */
export interface BuildTarget {
  /** The Node binary to build on. It also compiles the chunks. */
  readonly node: string;
  /** What runs that binary here: empty, or an emulator with its flags. */
  readonly emulator: readonly string[];
  /** The `strip` that knows its machine code. */
  readonly strip: string;
}

/** What the executable carries besides Node. */
export interface ExecutableParts {
  readonly chunks: readonly Chunk[];
  /** Further assets by name: programs of worker threads, native code. */
  readonly assets: Readonly<Record<string, string | Uint8Array>>;
  /** What the executable is for. */
  readonly target: BuildTarget;
  /** For intermediate files. */
  readonly workDir: string;
  readonly outputFile: string;
}

/** V8 hashes names with a random seed, and compiled code contains the hashes. With a fixed one, two builds are the same. */
const FIXED_SEED = '--random-seed=1';

/**
 * Injects the program into a copy of Node (a "single executable application") and puts it in place at once. The same parts
 * give the same bytes, wherever `workDir` and `outputFile` are.
 */
export async function writeExecutable(parts: ExecutableParts): Promise<void> {
  const { chunks, workDir, outputFile } = parts;
  const { node, emulator, strip } = parts.target;
  const [program = node, ...before] = [...emulator, node];
  const compiledDir = join(workDir, 'compiled');
  await writeAnew(compiledDir, Object.fromEntries(chunks.map(({ name, source }) => [name, source])));
  await run(program, [...before, FIXED_SEED, join(import.meta.dirname, 'code-cache.ts'), compiledDir], {
    env: withoutNodeVariables(),
  });
  const compiled = await Promise.all(
    chunks.map(async (chunk) => ({ ...chunk, code: await readFile(join(compiledDir, `${chunk.name}.cache`)) })),
  );
  const assetDir = join(workDir, 'assets');
  await writeAnew(assetDir, { ...parts.assets, ...packChunks(compiled) });
  const names = (await readdir(assetDir)).toSorted();
  const boot = join(workDir, 'boot.cjs');
  await build({
    // The bundle names its source by the path from here.
    absWorkingDir: import.meta.dirname,
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
      // Relative to workDir, as the executable contains this path.
      main: basename(boot),
      output: blob,
      assets: Object.fromEntries(names.map((name) => [name, join(assetDir, name)])),
      disableExperimentalSEAWarning: true,
      useCodeCache: true,
      // A watch makes large buffers into garbage fast; a small young generation (MB) notices them before they pile up.
      // Most other flags would make V8 refuse the compiled code.
      // Nobody may open a debugger in a running program, which holds passwords: SIGUSR1 does, by default.
      // Dependencies use url.parse (DEP0169) and punycode (DEP0040), and Google's tells of every host that is no metadata
      // server; users can do nothing about these.
      execArgv: [
        '--disable-sigusr1',
        '--disable-warning=DEP0169',
        '--disable-warning=DEP0040',
        '--disable-warning=MetadataLookupWarning',
        '--max-semi-space-size=4',
      ],
      execArgvExtension: 'none',
    }),
  );
  await run(program, [...before, FIXED_SEED, '--experimental-sea-config', configuration], {
    cwd: workDir,
    env: withoutNodeVariables(),
  });
  const unfinished = `${outputFile}.part`;
  await mkdir(dirname(outputFile), { recursive: true });
  await copyFile(node, unfinished);
  await chmod(unfinished, 0o755);
  await run(strip, [unfinished]);
  const postject = join(import.meta.dirname, '../../node_modules/postject/dist/cli.js');
  await run(process.execPath, [postject, unfinished, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse]);
  await rename(unfinished, outputFile);
}

/**
 * The environment without what changes how Node works, such as `NODE_COMPILE_CACHE`: whether a process has compiled its own script or
 * found it in a cache shows in what it compiles afterwards.
 */
function withoutNodeVariables(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NODE_')));
}

/** Makes a directory with these files and nothing else. */
async function writeAnew(directory: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(directory, name), content);
  }
}
