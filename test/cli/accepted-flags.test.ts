import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { referenceFlags as reference } from '../support/fixtures/reference-flags.ts';
import { flagStyles, spelledOut } from '../support/fixtures/spelled-out-flags.ts';
import { makeRig } from './rig.ts';

/** Commands that say they are not built, and so show that everything before was understood. */
const notBuilt = ['server'];

describe('every flag of the reference program', () => {
  for (const name of notBuilt) {
    for (const style of flagStyles) {
      it(`is taken by ${name} as ${style}`, async () => {
        const args = spelledOut(reference[name] ?? [], style);
        await using rig = makeRig();
        const { stderr, exitCode } = await rig.run([name, ...args]);
        // Before it, warnings: the flags give certificates and a password for addresses without TLS.
        assert.equal(stderr.split('\n').at(-2), `error: cannot run ${name}: this version does not have it yet`);
        assert.equal(exitCode, 1);
      });
    }
  }

  it('--etcd-endpoints is the old name of --endpoints', async () => {
    await using rig = makeRig();
    const { stderr } = await rig.run(['server', '--etcd-endpoints', 'ftp://h']);
    assert.match(stderr, /^error: cannot use --endpoints "ftp:\/\/h"/);
    const fine = await rig.run(['server', '--etcd-endpoints=http://a:1', '-e', 'http://b:2']);
    assert.equal(fine.exitCode, 1);
  });
});
