import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { builtExecutable } from '../../../scripts/lab/executable.ts';
import { projectRoot } from '../../../scripts/lab/project-root.ts';

function said(...args: readonly string[]): string {
  return execFileSync('readelf', [...args, builtExecutable()], { encoding: 'utf8', maxBuffer: 1 << 26 });
}

/** Parts of glibc, and the library that libstdc++ itself needs and comes with. */
const known = /^(?:libc|libm|libdl|libpthread|librt|libgcc_s|ld-linux[\w-]*)\.so\.\d+$/;

describe('the executable', () => {
  it('needs the glibc that README.md names, libstdc++, and nothing else', () => {
    const [, version = ''] =
      /needs glibc (\d+\.\d+) and libstdc\+\+, nothing else/.exec(readFileSync(`${projectRoot}README.md`, 'utf8')) ??
      [];
    const libraries = Array.from(said('-d').matchAll(/\(NEEDED\).*\[(.*)\]/g), ([, name = '']) => name);
    assert.deepEqual(
      libraries.filter((name) => !known.test(name)),
      ['libstdc++.so.6'],
    );
    const wanted = Array.from(said('-V').matchAll(/\bGLIBC_2\.(\d+)/g), ([, minor]) => Number(minor));
    assert.equal(`2.${Math.max(...wanted)}`, version);
  });
});
