import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { referenceFlags as reference } from '../support/fixtures/reference-flags.ts';
import { flagStyles, spelledOut } from '../support/fixtures/spelled-out-flags.ts';
import { makeRig } from './rig.ts';

describe('every flag of the reference program', () => {
  for (const name of ['server']) {
    for (const style of flagStyles) {
      it(`is taken by ${name} as ${style}`, async () => {
        const args = spelledOut(reference[name] ?? [], style);
        await using rig = makeRig();
        // What results is printed when all was understood.
        const { stderr, exitCode } = await rig.run([name, ...args, '--print-config']);
        assert.equal(exitCode, 0, stderr);
      });
    }
  }

  it('--etcd-endpoints is the old name of --endpoints', async () => {
    await using rig = makeRig();
    const { stderr } = await rig.run(['server', '--etcd-endpoints', 'ftp://h']);
    assert.match(stderr, /^error: cannot use --endpoints "ftp:\/\/h"/);
    const fine = await rig.run(['server', '--etcd-endpoints=http://a:1', '-e', 'http://b:2', '--print-config']);
    assert.equal(fine.exitCode, 0);
  });
});
