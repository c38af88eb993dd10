import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { builtExecutable } from '../../../scripts/lab/executable.ts';
import { cacheDir } from '../../../scripts/lab/project-root.ts';
import { run } from '../../../scripts/lab/run.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { dropCachedPages } from '../../support/processes/drop-cached-pages.ts';
import { measureRun, median } from '../../support/processes/measured-run.ts';

it('runs with an empty environment in a directory that has nothing', async () => {
  using dir = makeTempDir();
  const { stdout, stderr } = await run(builtExecutable(), ['--version'], { cwd: dir.path, env: {} });
  assert.match(stdout, /^etcdbrctl Version: \d+\.\d+\.\d+\n/);
  assert.equal(stderr, '');
});

it('takes no orders from NODE_OPTIONS', async () => {
  const { stdout } = await run(builtExecutable(), ['--version'], { env: { NODE_OPTIONS: '--no-such-option' } });
  assert.match(stdout, /^etcdbrctl Version: /);
});

it('starts in at most 1.6 times what Node needs for an empty script, in at most 60 MB', async () => {
  using dir = makeTempDir();
  const empty = dir.join('empty.cjs');
  writeFileSync(empty, '');
  // A copy: pages of a program that another test runs just now are not dropped.
  const executable = dir.join('etcdbrctl');
  copyFileSync(builtExecutable(), executable);
  dropCachedPages(executable);
  const marks: string[] = [];
  // Other tests run meanwhile: the two programs take turns, and a bad minute gets another chance.
  for (let attempt = 1; attempt <= 5; attempt++) {
    const bare: number[] = [];
    const ours: number[] = [];
    let peakRss = 0;
    let peakAnonymous = 0;
    for (let turn = 0; turn < 15; turn++) {
      bare.push((await measureRun(process.execPath, [empty], { env: {}, intervalMs: 0 })).wallMs);
      const measured = await measureRun(executable, ['--version'], { env: {}, intervalMs: 0 });
      ours.push(measured.wallMs);
      peakRss = Math.max(peakRss, measured.peakRss);
      peakAnonymous = Math.max(peakAnonymous, measured.peakAnonymous);
    }
    const ratio = median(ours) / median(bare);
    marks.push(
      `${median(ours).toFixed(1)} ms, ratio ${ratio.toFixed(2)}, ${(peakRss / 1e6).toFixed(1)} MB, own ${(peakAnonymous / 1e6).toFixed(1)} MB`,
    );
    // How many pages of its file a kernel maps at once differs by 20 MB; others share them. What it has for itself does not.
    if (ratio <= 1.6 && (peakRss <= 60e6 || (peakRss <= 80e6 && peakAnonymous <= 14e6))) {
      return;
    }
  }
  assert.fail(marks.join('; '));
});

/** What the bundler noted about its inputs and outputs; only the fields read here. */
interface Metafile {
  readonly outputs: Readonly<
    Record<
      string,
      {
        readonly entryPoint?: string;
        readonly inputs: Readonly<Record<string, unknown>>;
        readonly imports: readonly { readonly path: string; readonly kind: string; readonly external?: boolean }[];
      }
    >
  >;
}

it('asking for the version loads no package at all', () => {
  const { outputs } = JSON.parse(readFileSync(`${cacheDir}/build/metafile.json`, 'utf8')) as Metafile;
  const loaded = new Set<string>();
  const load = (path: string): void => {
    const output = outputs[path];
    if (output === undefined || loaded.has(path)) {
      return;
    }
    loaded.add(path);
    for (const { path: imported, kind } of output.imports) {
      if (kind === 'import-statement') {
        load(imported);
      }
    }
  };
  for (const [path, { entryPoint }] of Object.entries(outputs)) {
    if (entryPoint === 'src/main.ts' || entryPoint === 'src/cli/version.ts') {
      load(path);
    }
  }
  assert.ok(loaded.size >= 2, 'main and version are chunks');
  const inputs = [...loaded].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {}));
  assert.deepEqual(
    inputs.filter((input) => input.includes('node_modules')),
    [],
  );
});

it('no chunk carries the helpers of the bundler: all are given the same', () => {
  const directory = `${cacheDir}/build/compiled`;
  const chunks = readdirSync(directory).filter((name) => name.endsWith('.js'));
  const carrying = chunks.filter((name) =>
    /\b__(?:copyProps|toCommonJS)=/.test(readFileSync(`${directory}/${name}`, 'latin1')),
  );
  assert.ok(chunks.length > 100, `${chunks.length} chunks`);
  assert.deepEqual(carrying, []);
});
