import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { makeRig, type Rig } from './rig.ts';

describe('a path that is lost on its way to the program', () => {
  let rig: Rig;
  before(() => {
    rig = makeRig();
  });
  after(() => rig[Symbol.asyncDispose]());

  const gone = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"';
  const odd = 'd=$(printf "w\\377"); mkdir -p "$d" && cd "$d" && exec "$@"';

  for (const [what, shell, says] of [
    ['that is gone', gone, 'is gone'],
    ['whose name is no UTF-8', odd, 'has a name that is no UTF-8'],
  ] as const) {
    it(`a relative path is refused in a directory ${what}`, async () => {
      const args = ['restore', '--store-container', rig.home.path, '--data-dir', 'd'];
      const { stderr, exitCode } = await rig.run(args, { shell });
      assert.equal(exitCode, 2, stderr);
      assert.match(
        stderr,
        new RegExp(`^error: cannot use --data-dir: it is relative, and the working directory ${says};`, 'm'),
      );
    });

    it(`so is a default that is relative, in a directory ${what}`, async () => {
      const args = ['restore', '--store-container', rig.home.path, '--data-dir', rig.home.join('d')];
      const { stderr, exitCode } = await rig.run(args, { shell });
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, /^error: cannot use --restoration-temp-snapshots-dir: it is relative/m);
    });
  }

  for (const args of [['list', '--store-container'], ['status']] as const) {
    it(`bytes that are no UTF-8 are refused in ${args.join(' ')}`, async () => {
      const shell = `exec "$@" "$(printf '${rig.home.path}/n\\377')"`;
      const { stderr, exitCode } = await rig.run(args, { shell });
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, /bytes that are no UTF-8/);
    });
  }

  it('nothing is made under another name', () => {
    const names = readdirSync(rig.home.path, { encoding: 'buffer' });
    assert.deepEqual(
      names.filter((name) => name.includes('\ufffd')),
      [],
    );
  });
});
