import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { before, describe, it } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { makeTempDir, type TempDir } from '../../../scripts/lab/temp-dir.ts';

/** A file with one statement, and the rule that must object to it; undefined when none may. */
interface Plant {
  readonly file: string;
  readonly code: string;
  readonly rule: string | undefined;
}

const faults: readonly Plant[] = [
  {
    file: 'src/operations/to-test.ts',
    code: "export { x } from '../../test/support/x.ts';\n",
    rule: 'noRestrictedImports',
  },
  {
    file: 'src/operations/to-provider.ts',
    code: "export { x } from '../snapstore/providers/s3/x.ts';\n",
    rule: 'noRestrictedImports',
  },
  {
    file: 'src/snapstore/upload/to-provider.ts',
    code: "export { x } from '../providers/s3/x.ts';\n",
    rule: 'noRestrictedImports',
  },
  {
    file: 'src/snapstore/registry.ts',
    code: "export const x = await import('./providers/s3/x.ts');\n",
    rule: undefined,
  },
  { file: 'scripts/to-test.ts', code: "export { x } from '../test/support/x.ts';\n", rule: 'noRestrictedImports' },
  { file: 'test/unit/unseeded.ts', code: "export { default as fc } from 'fast-check';\n", rule: 'noRestrictedImports' },
  {
    file: 'test/support/fuzz/seeded-properties.ts',
    code: "export { default as fc } from 'fast-check';\n",
    rule: undefined,
  },
  { file: 'src/snapshot/impure.ts', code: "export { open } from 'node:fs';\n", rule: 'noRestrictedImports' },
  { file: 'src/retention/impure.ts', code: "export { connect } from 'node:net';\n", rule: 'noRestrictedImports' },
  { file: 'src/snapshot/stream.ts', code: "export { createGzip } from 'node:zlib';\n", rule: undefined },
  { file: 'src/operations/exit.ts', code: 'process.exit(1);\n', rule: 'noProcessExit' },
  { file: 'src/operations/environment.ts', code: 'export const home = process.env.HOME;\n', rule: 'noProcessEnv' },
  { file: 'src/config/environment.ts', code: 'export const home = process.env.HOME;\n', rule: undefined },
  { file: 'src/snapstore/credentials/aws.ts', code: 'export const home = process.env.HOME;\n', rule: 'noProcessEnv' },
  {
    file: 'src/operations/cycle-a.ts',
    code: "import { b } from './cycle-b.ts';\nexport const a = b;\n",
    rule: 'noImportCycles',
  },
  {
    file: 'src/operations/cycle-b.ts',
    code: "import { a } from './cycle-a.ts';\nexport const b = a;\n",
    rule: 'noImportCycles',
  },
  {
    file: 'src/operations/floating.ts',
    code: 'async function go(): Promise<void> {}\nexport function start(): void {\n  go();\n}\n',
    rule: 'noFloatingPromises',
  },
  { file: 'src/operations/any.ts', code: 'export const x: any = 1;\n', rule: 'noExplicitAny' },
  { file: 'src/operations/sure.ts', code: 'export const x = (y?: string) => y!.length;\n', rule: 'noNonNullAssertion' },
  { file: 'src/operations/console.ts', code: "console.log('x');\n", rule: 'noConsole' },
];

/** Lints the planted files under the project's own configuration; gives the rules that objected, by file. */
async function lint(dir: TempDir, plants: readonly Plant[]): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  copyFileSync(`${projectRoot}biome.json`, dir.join('biome.json'));
  for (const { file, code } of plants) {
    mkdirSync(dirname(dir.join(file)), { recursive: true });
    writeFileSync(dir.join(file), code);
  }
  const { promise, resolve } = Promise.withResolvers<string>();
  execFile(
    `${projectRoot}node_modules/.bin/biome`,
    ['lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none', '.'],
    { cwd: dir.path, maxBuffer: 64 * 1024 * 1024 },
    (_error, stdout) => resolve(stdout),
  );
  const report: unknown = JSON.parse(await promise);
  const objections = new Map<string, Set<string>>();
  for (const { file, rule } of diagnosticsOf(report)) {
    objections.set(file, (objections.get(file) ?? new Set()).add(rule));
  }
  return objections;
}

function diagnosticsOf(report: unknown): { readonly file: string; readonly rule: string }[] {
  const { diagnostics } = report as {
    readonly diagnostics: readonly { readonly category: string; readonly location: { readonly path: string } }[];
  };
  return diagnostics.map(({ category, location }) => ({
    file: location.path,
    rule: category.slice(category.lastIndexOf('/') + 1),
  }));
}

describe('the linter', () => {
  const dir = makeTempDir();
  let objections: ReadonlyMap<string, ReadonlySet<string>>;
  before(async () => {
    objections = await lint(dir, faults);
  });

  for (const { file, code, rule } of faults) {
    const statement = code.trim().split('\n')[0];
    it(`${rule === undefined ? 'accepts' : `reports ${rule} for`} ${file}: ${statement}`, () => {
      const found = [...(objections.get(file) ?? [])];
      if (rule === undefined) {
        assert.deepEqual(found, []);
      } else {
        assert.ok(found.includes(rule), `objections were: ${found.join(', ') || 'none'}`);
      }
    });
  }
});
