import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { put } from '../../../support/fixtures/delta-events.ts';
import { periodMs, type SnapshotterRig, watchingRig } from '../../../support/snapshotter/snapshotter-rig.ts';

const hourMs = 3_600_000;

function told(rig: SnapshotterRig): readonly string[] {
  return rig.log.lines.filter(({ level }) => level !== 'debug').map(({ text }) => text);
}

describe('the log of a snapshotter', () => {
  test('of an idle cluster says nothing but one line an hour', async () => {
    await using rig = await watchingRig();
    const before = told(rig).length;
    await rig.clock.advance(3 * hourMs);
    const lines = told(rig).slice(before);
    assert.equal(lines.length, 3, lines.join('\n'));
    for (const line of lines) {
      assert.match(
        line,
        /^In the last hour: \d fulls? and 0 deltas .* stored, 0 objects deleted. The backup reaches revision 58/,
      );
    }
  });

  test('counts what was stored', async () => {
    await using rig = await watchingRig();
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(periodMs);
    await rig.saved(2);
    await rig.clock.advance(hourMs - periodMs - 1);
    await rig.clock.advance(1);
    await rig.logged(/^In the last hour: [12] fulls? and 1 delta .*The backup reaches revision 59$/);
  });

  test('warns when etcd was not heard of', async () => {
    await using rig = await watchingRig();
    await rig.clock.advance(2 * hourMs);
    const summaries = rig.log.lines.filter(({ text }) => text.startsWith('In the last hour'));
    assert.deepEqual(
      summaries.map(({ level }) => level),
      ['warn', 'warn'],
    );
    assert.match(summaries[1]?.text ?? '', /the watch has brought nothing for an hour/);
  });
});
