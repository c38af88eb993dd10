/**
 * Prints the files that `node --test` is to run for all test files of a folder, one a line: as many shared processes as the
 * second argument says (`shared-process.ts`), and each test file that says that it needs a process of its own.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cacheDir, projectRoot } from '../lab/project-root.ts';
import { fileList } from './shared-process.ts';
import { sharedProcessName } from './test-file.ts';

/** A line of a test file that cannot share a process with others, and why it cannot. */
const ownProcess = /^\/\/ Needs a process of its own: \S/m;

/** How long the files of a run are kept at least, ms: longer than one takes. */
const KEPT_MS = 24 * 60 * 60_000;

const [folder = 'test/unit', processes = '2'] = process.argv.slice(2);

function testFiles(): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name))
    .toSorted();
}

/** A new directory for this run; those of earlier runs are removed. */
function directoryOfRun(): string {
  const parent = join(cacheDir, 'tests');
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    const path = join(parent, name);
    if (Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > KEPT_MS) {
      rmSync(path, { recursive: true, force: true });
    }
  }
  return mkdtempSync(join(parent, 'run-'));
}

const files = testFiles();
const apart = files.filter((file) => ownProcess.test(readFileSync(file, 'utf8')));
const directory = directoryOfRun();
const shared = files.filter((file) => !apart.includes(file));
const most = Math.ceil(shared.length / Number(processes));
writeFileSync(join(directory, fileList), shared.join('\n'));
for (let number = 1; number <= Number(processes); number++) {
  const path = join(directory, sharedProcessName(number));
  const script = (name: string): string => JSON.stringify(join(projectRoot, 'scripts/tests', name));
  // Imported by turns: an `import` declaration of node:test would load it before anything else runs. The call of `suite` is here, so
  // that its events name this process.
  writeFileSync(
    path,
    `await import(${script('promise-tracking.ts')});
const { suite } = await import('node:test');
const { runTestFiles } = await import(${script('shared-process.ts')});
await runTestFiles({ path: import.meta.filename, most: ${most} }, (name, body) => suite(name, body));
`,
  );
  process.stdout.write(`${relative('', path)}\n`);
}
for (const file of apart) {
  process.stdout.write(`${file}\n`);
}
