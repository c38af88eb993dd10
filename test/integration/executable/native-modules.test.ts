import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';

const LIBRARY = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
const OTHER = process.arch === 'arm64' ? { node: 'x64', debian: 'amd64' } : { node: 'arm64', debian: 'arm64' };

/** A tree with the scripts, in which commands of the system are replaced. */
function tree(commands: Readonly<Record<string, string>>) {
  const dir = makeTempDir();
  mkdirSync(dir.join('scripts'));
  mkdirSync(dir.join('commands'));
  for (const name of ['build-native.sh', 'libdeflate.sh']) {
    cpSync(`${projectRoot}scripts/${name}`, dir.join('scripts', name));
  }
  for (const [name, script] of Object.entries(commands)) {
    writeFileSync(dir.join('commands', name), `#!/usr/bin/env bash\nset -e\n${script}\n`, { mode: 0o755 });
  }
  const env = { ...process.env, CC: 'compiler', PATH: `${dir.join('commands')}:${process.env['PATH']}` };
  const run = (script: string, ...parameters: string[]): string =>
    execFileSync(dir.join('scripts', script), parameters, { env, encoding: 'utf8' }).trim();
  return { dir, run };
}

describe('a native module', () => {
  it('is compiled anew with a library that was installed since, however old the files of its package are', () => {
    const compiler = 'while [ "$1" != -o ]; do shift; done; cat "$4" > "$2"';
    const { dir, run } = tree({ compiler });
    using _dir = dir;
    mkdirSync(dir.join('src/runtime/process/native'), { recursive: true });
    mkdirSync(dir.join('usr/lib', LIBRARY), { recursive: true });
    writeFileSync(dir.join('src/runtime/process/native/gunzip.c'), '');
    writeFileSync(dir.join('scripts/libdeflate.sh'), `echo ${dir.path}/`);
    const install = (version: string): void => {
      const file = dir.join('usr/lib', LIBRARY, 'libdeflate.a');
      writeFileSync(file, version);
      utimesSync(file, 1e9, 1e9);
    };
    const built = (): string => readFileSync(dir.join(run('build-native.sh', 'gunzip')), 'utf8');
    install('1.19');
    assert.equal(built(), '1.19');
    // The file system's clock goes in steps of some milliseconds: wait for the next one.
    const builtAt = statSync(dir.join(run('build-native.sh', 'gunzip'))).mtimeMs;
    do {
      writeFileSync(dir.join('clock'), '');
    } while (statSync(dir.join('clock')).ctimeMs <= builtAt);
    install('1.20');
    assert.equal(built(), '1.20');
  });

  it('is built for another processor by two builds at once', () => {
    const { dir, run } = tree({
      'apt-get': 'touch libdeflate-dev_1.deb',
      // Another build is faster.
      'dpkg-deb': `mkdir -p "$3/usr" .cache/libdeflate-dev-${OTHER.debian}/usr`,
    });
    using _dir = dir;
    assert.equal(run('libdeflate.sh', OTHER.node), `.cache/libdeflate-dev-${OTHER.debian}/`);
    assert.deepEqual(readdirSync(dir.join('.cache')), [`libdeflate-dev-${OTHER.debian}`]);
  });
});
