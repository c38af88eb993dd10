import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile, type Plugin, transform } from 'esbuild';
import { chunkHelpers } from './chunk-helpers.ts';
import { replaceInPackages } from './replace-in-package.ts';
import { replacements } from './replacements.ts';

/** A chunk of the program, ready to be loaded by the boot script. */
export interface Chunk {
  /** `main.js`, or a name of the bundler's. */
  readonly name: string;
  /** A function expression that takes exports, require, module and the {@link chunkHelpers}. ASCII. */
  readonly source: string;
}

/** What goes into every bundle of ours. */
const shared = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  charset: 'ascii',
  legalComments: 'none',
  logLevel: 'warning',
  minifyWhitespace: true,
  minifySyntax: true,
  metafile: true,
  // Paths are those below the checkout also where its packages are a link, as in a worktree: they are part of the result.
  preserveSymlinks: true,
  plugins: [replaceInPackages(replacements)] satisfies Plugin[],
} as const;

/**
 * Bundles the program as chunks: what an `import()` asks for, and what several of those share, is a chunk of its own,
 * so that a command loads no more than it needs.
 */
export async function bundleProgram(request: {
  readonly entry: string;
  /** Absolute path of the checkout. The names of chunks depend on paths below it. */
  readonly root: string;
  /** Made anew. */
  readonly outputDir: string;
  /** Names replaced by JSON values. */
  readonly define: Readonly<Record<string, string>>;
}): Promise<{ readonly chunks: readonly Chunk[]; readonly metafile: Metafile }> {
  const { entry, root, outputDir, define } = request;
  await rm(outputDir, { recursive: true, force: true });
  const { metafile } = await build({
    ...shared,
    absWorkingDir: root,
    entryPoints: { main: entry },
    outdir: outputDir,
    format: 'esm',
    splitting: true,
    define: { ...define },
  });
  refuseLazyPackages(metafile);
  const names = (await readdir(outputDir)).filter((name) => name.endsWith('.js')).toSorted();
  const chunks = await Promise.all(
    names.map(async (name) => await toChunk(name, await readFile(join(outputDir, name), 'utf8'))),
  );
  return { chunks, metafile };
}

/**
 * `import('package')` gives the names of a CommonJS package in Node, but only `default` in a bundle. So lazy imports are
 * of files of our own, which name what they need of packages in ordinary imports.
 */
function refuseLazyPackages(metafile: Metafile): void {
  for (const [file, { imports }] of Object.entries(metafile.inputs)) {
    const wrong = imports.find(({ kind, path }) => kind === 'dynamic-import' && path.includes('node_modules/'));
    if (wrong !== undefined && !file.includes('node_modules/')) {
      throw new Error(`${file} imports ${wrong.path} lazily: make a module of it that imports the package as usual`);
    }
  }
}

/** A worker thread's whole program as one CommonJS script: threads begin from text and have no chunks at hand. */
export async function bundleWorker(request: {
  readonly entry: string;
  /** Absolute path of the checkout. */
  readonly root: string;
  readonly define: Readonly<Record<string, string>>;
}): Promise<{ readonly source: string; readonly metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
    ...shared,
    absWorkingDir: request.root,
    entryPoints: [request.entry],
    write: false,
    format: 'cjs',
    define: { ...request.define },
    // Only a checkout looks for files next to a module; here everything is an asset.
    logOverride: { 'empty-import-meta': 'silent' },
  });
  return { source: outputFiles.map(({ text }) => text).join(''), metafile };
}

async function toChunk(name: string, module: string): Promise<Chunk> {
  const { code } = await transform(module, {
    // For Node it would end each chunk with a list of its exports, which only Node's own loader reads.
    platform: 'neutral',
    target: 'node24',
    format: 'cjs',
    charset: 'ascii',
    minifyWhitespace: true,
    supported: { 'dynamic-import': false },
  });
  const source = withoutHelpers(code);
  return { name, source: `(function(exports,require,module,${helperNames.join()}){${source}})` };
}

const helperNames = Object.keys(chunkHelpers);

/** esbuild's helpers that only its other helpers use. */
const innerHelpers = [
  'create',
  'defProp',
  'getOwnPropDesc',
  'getOwnPropNames',
  'getProtoOf',
  'hasOwnProp',
  'copyProps',
];

/** A chunk without the helpers that are handed to it, which esbuild writes first. Its own variables never have their names. */
function withoutHelpers(chunk: string): string {
  const names = new Set([...helperNames, ...innerHelpers.map((name) => `__${name}`)]);
  let code = chunk;
  for (;;) {
    const [text, name = ''] = /^var (__\w+)=[^;]*;/.exec(code) ?? [''];
    if (!names.has(name)) {
      return code;
    }
    code = code.slice(text.length);
  }
}
