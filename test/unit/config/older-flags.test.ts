import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { everyCommand } from '../../../src/cli/commands.ts';
import { olderFlagsOf, readOlderFlag } from '../../../src/config/older-flags.ts';
import { UsageFailure } from '../../../src/config/usage-failure.ts';

const commands = await everyCommand();

function olderFlag(command: string, flag: string) {
  const spec = commands.find((each) => each.spec.name === command)?.spec;
  assert.ok(spec !== undefined);
  return olderFlagsOf(spec).find((each) => each.flag === flag);
}

function read(flag: string, text: string) {
  const older = olderFlag('server', flag);
  assert.ok(older !== undefined);
  return readOlderFlag(older, text);
}

describe('a flag of an older release', () => {
  it('that names its unit gives its number to the flag of today', () => {
    assert.deepEqual(read('delta-snapshot-period-seconds', '30'), {
      deprecation: '--delta-snapshot-period-seconds is deprecated: write --delta-snapshot-period="30s"',
      flag: 'delta-snapshot-period',
      text: '30s',
    });
    assert.equal(read('garbage-collection-period-seconds', '60').text, '60s');
    const hours = read('defragmentation-period-hours', '72');
    assert.deepEqual([hours.flag, hours.text], ['defragmentation-schedule', '@every 72h']);
  });

  it('that names its unit takes nothing but a number', () => {
    for (const [flag, text] of [
      ['delta-snapshot-period-seconds', '30s'],
      ['delta-snapshot-period-seconds', ''],
      ['delta-snapshot-period-seconds', '-1'],
      ['defragmentation-period-hours', '0'],
      ['garbage-collection-period-seconds', '9999999999'],
    ] as const) {
      assert.throws(
        () => read(flag, text),
        (error) => error instanceof UsageFailure && error.message.startsWith(`cannot use --${flag}: `),
      );
    }
  });

  it('that has no effect any more is said to have none', () => {
    assert.deepEqual(read('owner-name', 'secret'), {
      deprecation: '--owner-name has no effect any more: remove it',
      flag: undefined,
      text: 'secret',
    });
  });

  it('is taken by the commands that had it, and by those that have its successor', () => {
    assert.equal(olderFlag('restore', 'owner-name'), undefined);
    assert.equal(olderFlag('restore', 'delta-snapshot-period-seconds'), undefined);
    assert.ok(olderFlag('snapshot', 'delta-snapshot-period-seconds'));
    assert.ok(olderFlag('initialize', 'experimental-fail-below-revision'));
  });
});
