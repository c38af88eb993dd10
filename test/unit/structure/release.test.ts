import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { debianControl, rpmSpec } from '../../../scripts/release/package-metadata.ts';
import { units } from '../../../scripts/release/release-tree.ts';
import { packageVersion, versionOf } from '../../../scripts/release/version.ts';
import { everyCommand } from '../../../src/cli/commands.ts';
import { placedOptions } from '../../../src/config/command-spec.ts';

const commands = await everyCommand();

const commit = '34d08fc0000';
const fileOf = (name: string): string => readFileSync(`${projectRoot}scripts/release/files/${name}`, 'utf8');

describe('a release', () => {
  it('has the version of the tag, which fits package.json', () => {
    assert.equal(versionOf({ tags: ['latest', 'v1.2.3'], version: '1.2.3', commit }), '1.2.3');
    assert.equal(versionOf({ tags: ['v1.2.3-rc.1'], version: '1.2.3', commit }), '1.2.3-rc.1');
    assert.throws(
      () => versionOf({ tags: ['v1.2.4'], version: '1.2.3', commit }),
      /the tag says 1\.2\.4, package\.json 1\.2\.3/,
    );
    assert.throws(() => versionOf({ tags: ['v1.2.3', 'v1.2.3-rc.1'], version: '1.2.3', commit }), /several tags/);
  });

  it('is called by its commit without a tag, and sorts before the release in packages', () => {
    assert.equal(versionOf({ tags: [''], version: '0.1.0', commit }), '0.1.0-dev.34d08fc');
    const edition = { version: '0.1.0-dev.34d08fc', epoch: 1 };
    assert.equal(packageVersion(edition.version), '0.1.0~dev.34d08fc');
    assert.match(
      debianControl({ ...edition, architecture: 'arm64' }),
      /^Version: 0\.1\.0~dev\.34d08fc-1\nArchitecture: arm64$/m,
    );
    assert.match(rpmSpec(edition), /^Version: 0\.1\.0~dev\.34d08fc$/m);
  });

  it('has units whose commands and flags exist', () => {
    const found = units.flatMap((unit) => [...fileOf(unit).matchAll(/^ExecStart=\/usr\/bin\/etcdbrctl (\S+) (.*)$/gm)]);
    assert.equal(found.length, 2);
    for (const [line, name, flags = ''] of found) {
      const { spec } = commands.find((each) => each.spec.name === name) ?? assert.fail(line);
      const known = placedOptions(spec).map((option) => option.spec.flag);
      const given = [...flags.matchAll(/--([a-z-]+)/g)].map(([, flag = '']) => flag);
      assert.deepEqual(
        given.filter((flag) => !known.includes(flag)),
        [],
      );
    }
  });

  it('has a configuration whose keys are options of snapshot', () => {
    const config = parse(fileOf('config.yaml')) as Readonly<Record<string, object>>;
    const written = Object.entries(config).flatMap(([section, keys]) =>
      Object.keys(keys).map((key) => `${section}.${key}`),
    );
    const snapshot = commands.find(({ spec }) => spec.name === 'snapshot')?.spec ?? assert.fail();
    const known = placedOptions(snapshot).flatMap(({ spec }) => spec.fileKeys ?? []);
    assert.deepEqual(
      written.filter((key) => !known.includes(key)),
      [],
    );
  });

  it('is not checked as long as the changelog has no part of its version', () => {
    using checkout = makeTempDir();
    mkdirSync(checkout.join('scripts'));
    copyFileSync(`${projectRoot}scripts/check-release.sh`, checkout.join('scripts/check-release.sh'));
    writeFileSync(checkout.join('Makefile'), 'test:\n\t@exit 3\n');
    // Git's own variables may name another repository, and a person's settings may want signatures.
    const env = {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))),
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
    };
    const git = (...args: readonly string[]): Buffer =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
        cwd: checkout.path,
        env,
        stdio: 'pipe',
      });
    const checked = (changelog: string): string => {
      writeFileSync(checkout.join('CHANGELOG.md'), changelog);
      git('add', '--all');
      git('commit', '-qm', 'x');
      git('tag', '-f', 'v1.2.3');
      return spawnSync('bash', ['scripts/check-release.sh'], { cwd: checkout.path, env, encoding: 'utf8' }).stderr;
    };
    git('init', '-q');
    assert.match(
      checked('# Changelog\n\n## Unreleased\n\n- x\n'),
      /CHANGELOG\.md has no part "## 1\.2\.3 - YYYY-MM-DD"/,
    );
    assert.match(
      checked('# Changelog\n\n## Unreleased\n\n- x\n\n## 1.2.3 - 2026-11-27\n\n- y\n'),
      /CHANGELOG\.md has something under "Unreleased"/,
    );
    const cut = checked('# Changelog\n\n## Unreleased\n\n## 1.2.3 - 2026-11-27\n\n- y\n');
    assert.doesNotMatch(cut, /CHANGELOG/);
    assert.match(cut, /\btest\b/);
  });

  it('has a checklist whose steps exist, and a script that runs those that need no person', () => {
    const checklist =
      readFileSync(`${projectRoot}docs/release.md`, 'utf8').split('## Checklist')[1]?.split('\n## ')[0] ?? '';
    const rows = checklist.split('\n').filter((line) => line.startsWith('| '));
    const named = rows.flatMap((row) =>
      [...row.matchAll(/`make ([a-z- ]+)`/g)].flatMap(([, targets = '']) => targets.split(' ')),
    );
    const makefile = readFileSync(`${projectRoot}Makefile`, 'utf8');
    assert.ok(named.length > 8, named.join());
    for (const target of named) {
      assert.match(makefile, new RegExp(`^${target}:`, 'm'), target);
    }
    const script = readFileSync(`${projectRoot}scripts/check-release.sh`, 'utf8');
    const forPeople = ['bench'];
    assert.deepEqual(
      named.filter((target) => !forPeople.includes(target) && !new RegExp(`\\b${target}\\b`).test(script)),
      [],
    );
  });
});
