import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { builtExecutable } from '../../../scripts/lab/executable.ts';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { run } from '../../../scripts/lab/run.ts';

/** Packages whose files are part of the program, by the bundler's own account. */
function bundledPackages(): readonly string[] {
  const metafile = JSON.parse(readFileSync(`${projectRoot}.cache/build/metafile.json`, 'utf8')) as {
    readonly inputs: Readonly<Record<string, unknown>>;
  };
  const names = Object.keys(metafile.inputs).flatMap(
    (file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? [],
  );
  return [...new Set(names)];
}

/** What CycloneDX's own schema finds wrong with a bill of materials; undefined when nothing is. */
function faultsOf(bill: unknown): unknown {
  const library = dirname(fileURLToPath(import.meta.resolve('@cyclonedx/cyclonedx-library/package.json')));
  const schema = (name: string): object =>
    JSON.parse(readFileSync(`${library}/res/schema/${name}.SNAPSHOT.schema.json`, 'utf8')) as object;
  const ajv = new Ajv({ strict: false, validateFormats: false });
  for (const name of ['spdx', 'jsf-0.82']) {
    // The schema names the others by their files.
    ajv.addSchema(schema(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
  }
  const validate = ajv.compile(schema('bom-1.6'));
  return validate(bill) ? undefined : validate.errors;
}

describe('the executable', () => {
  const program = builtExecutable();

  it('carries the licence of every package in it, and those of Node', async () => {
    const text = (await run(program, ['licenses'])).stdout;
    const packages = bundledPackages();
    assert.ok(packages.length > 100, `${packages.length} packages`);
    for (const name of packages) {
      assert.ok(text.includes(`\n${name} `), name);
    }
    assert.match(text, /\nnode-(bin-)?(linux|darwin)-\S+ /);
    assert.match(text, /OpenSSL/);
    assert.match(text, /\nassemblyscript \d/, 'its library is part of the WebAssembly modules');
    assert.match(text, /\nlibdeflate 1\.\d+-\S+\n[\s\S]*Eric Biggers/);
    assert.equal(text, readFileSync(`${program}-licenses.txt`, 'utf8'));
  });

  it('carries a bill of materials with a hash for each package', async () => {
    const text = (await run(program, ['licenses', '--sbom'])).stdout;
    const bill = JSON.parse(text) as {
      readonly components: readonly {
        readonly name: string;
        readonly version: string;
        readonly purl: string;
        readonly licenses: unknown;
        readonly hashes: unknown;
      }[];
    };
    const names = new Set(bill.components.map(({ name }) => name));
    assert.deepEqual(
      bundledPackages().filter((name) => !names.has(name)),
      [],
    );
    // With the revision of Debian, where its fixes are, and by the source package, which they are known for.
    const library = bill.components.find(({ name }) => name === 'libdeflate');
    const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
    assert.match(
      library?.purl ?? '',
      new RegExp(
        `^pkg:deb/[a-z]+/libdeflate-dev@1\\.\\d+-[^?]+\\?arch=${architecture}&distro=[a-z]+-[0-9.]+&upstream=libdeflate$`,
      ),
    );
    for (const { name, licenses, hashes } of bill.components) {
      assert.ok(licenses !== undefined && hashes !== undefined, name);
    }
    assert.equal(text, readFileSync(`${program}-sbom.json`, 'utf8'));
    assert.equal(faultsOf(bill), undefined);
    assert.notEqual(faultsOf({ ...bill, components: [{ name: 'without a type' }] }), undefined);
    const keys = bill.components.map(({ name, version }) => `${name}@${version}`);
    assert.equal(new Set(keys).size, keys.length, 'a package is listed twice');
  });
});
