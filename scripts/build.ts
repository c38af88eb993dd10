/**
 * Builds bin/etcdbrctl, or the file named by `--output`, from src/main.ts, or the file named by `--entry`. `--work-dir` is for
 * intermediate files, .cache/build by default: two builds at once need two. `--arch` is x64 or arm64, this machine's by default;
 * `--version` what the program calls itself, the version of package.json by default.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { billOfMaterials } from './build/bill-of-materials.ts';
import { bundleProgram, bundleWorker } from './build/bundle.ts';
import { dashboardHtml } from './build/dashboard.ts';
import { writeExecutable } from './build/executable.ts';
import { nodeRuntime } from './build/node-runtime.ts';
import { licensesText, thirdPartyPackages } from './build/third-party.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    entry: { type: 'string', default: join(root, 'src/main.ts') },
    output: { type: 'string', default: join(root, 'bin/etcdbrctl') },
    'work-dir': { type: 'string', default: join(root, '.cache/build') },
    arch: { type: 'string', default: process.arch },
    version: { type: 'string' },
  },
});
const workDir = resolve(values['work-dir']);
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
const version = values.version ?? manifest.version;
const runtime = nodeRuntime(root, values.arch);
const define = { ETCDBRCTL_BUILD: JSON.stringify({ version, gitSha: commit() }) };

const startedAt = performance.now();
const { chunks, metafile } = await bundleProgram({
  entry: resolve(values.entry),
  root,
  outputDir: join(workDir, 'chunks'),
  define,
});
// Which file went into which chunk; a test reads it.
writeFileSync(join(workDir, 'metafile.json'), JSON.stringify(metafile));
const workers = await bundleWorkers();
const packages = thirdPartyPackages(root, [metafile, ...workers.map((worker) => worker.metafile)], {
  ...runtime,
  arch: values.arch,
});
const papers = { 'licenses.txt': licensesText(packages), 'sbom.json': billOfMaterials(packages, { version }) };
const output = resolve(values.output);
await writeExecutable({
  chunks,
  assets: {
    ...Object.fromEntries(workers.map(({ name, source }) => [name, source])),
    ...wasmModules(),
    ...papers,
    'dashboard.html': await dashboardHtml(root),
    'flock.node': nativeModule('flock'),
    'pages.node': nativeModule('pages'),
    'cores.node': nativeModule('cores'),
    'gunzip.node': nativeModule('gunzip'),
    'unzstd.node': nativeModule('unzstd'),
    'deflate.node': nativeModule('deflate'),
    'sha256.node': nativeModule('sha256'),
  },
  target: runtime.target,
  workDir,
  outputFile: output,
});
// For images and packages, which carry them as files as well.
for (const [name, text] of Object.entries(papers)) {
  writeFileSync(`${output}-${name}`, text);
}
const megabytes = (statSync(values.output).size / 1024 / 1024).toFixed(0);
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
process.stdout.write(`${values.output}: ${megabytes} MiB, ${chunks.length} chunks, built in ${seconds} s\n`);

/** The commit that is checked out, with a mark when files differ from it; `unknown` outside a git checkout. */
function commit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return git('rev-parse', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '-modified');
  } catch {
    return 'unknown';
  }
}

/** A native module, compiled when it is older than its source: `flock` takes etcd's file lock, `pages` gives up mapped pages, `cores` binds to one, `gunzip` and `unzstd` expand, `deflate` compresses, `sha256` hashes. */
function nativeModule(name: 'flock' | 'pages' | 'cores' | 'gunzip' | 'unzstd' | 'deflate' | 'sha256'): Uint8Array {
  const file = execFileSync(join(root, 'scripts/build-native.sh'), [name, values.arch], { encoding: 'utf8' }).trim();
  return readFileSync(join(root, file));
}

/** WebAssembly modules by the name of the asset they become, compiled when they are older than their sources. */
function wasmModules(): Record<string, Uint8Array> {
  const files = execFileSync(process.execPath, [join(root, 'scripts/build-wasm.ts')], { encoding: 'utf8' });
  return Object.fromEntries(
    files
      .trim()
      .split('\n')
      .map((file) => [basename(file), readFileSync(file)] as const),
  );
}

/** Programs of worker threads, by the name of the asset they become. */
async function bundleWorkers() {
  const programs = [
    'src/workers/content-check-worker.ts',
    'src/workers/database-check-worker.ts',
    'src/workers/delta-worker.ts',
  ];
  const bundled = programs.map(async (program) => {
    const bundle = await bundleWorker({ entry: join(root, program), root, define });
    return { name: `${basename(program, '.ts')}.cjs`, ...bundle };
  });
  return await Promise.all(bundled);
}
