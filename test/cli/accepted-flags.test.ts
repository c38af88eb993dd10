import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ReferenceFlag, referenceFlags as reference } from '../support/reference-flags.ts';
import { makeRig } from './rig.ts';

/** Flags that say nothing when empty are given a value that fits. */
const examples: Readonly<Record<string, string>> = {
  'storage-provider': 'Local',
  'source-storage-provider': 'Local',
  'secondary-storage-provider': 'Local',
  'store-endpoint-override': 'http://h:1',
  'source-store-endpoint-override': 'http://h:1',
  'secondary-store-endpoint-override': 'http://h:1',
  'service-endpoints': 'http://h:1',
  'config-file': '/dev/null',
};

function text(flag: ReferenceFlag): string {
  return examples[flag.name] ?? (flag.default.replace(/^\[|\]$/g, '') || 'x');
}

/** Commands that say they are not built, and so show that everything before was understood. */
const notBuilt = ['server'];

describe('every flag of the reference program', () => {
  for (const name of notBuilt) {
    for (const style of ['long=value', 'long value', 'short'] as const) {
      it(`is taken by ${name} as ${style}`, async () => {
        const args = (reference[name] ?? []).flatMap((flag) => {
          if (flag.type === 'bool') {
            return [style === 'long=value' ? `--${flag.name}=${flag.default}` : `--${flag.name}`];
          }
          if (style === 'short' && flag.short !== undefined) {
            return [`-${flag.short}`, text(flag)];
          }
          return style === 'long=value' ? [`--${flag.name}=${text(flag)}`] : [`--${flag.name}`, text(flag)];
        });
        await using rig = makeRig();
        const { stderr, exitCode } = await rig.run([name, ...args]);
        assert.equal(stderr, `error: cannot run ${name}: this version does not have it yet\n`);
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
