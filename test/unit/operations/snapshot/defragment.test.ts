import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Schedule } from '../../../../src/operations/snapshot/schedule.ts';
import { put } from '../../../support/fixtures/delta-events.ts';
import { watchingRig } from '../../../support/snapshotter/snapshotter-rig.ts';

describe('defragmentation', () => {
  test('defragmentation comes by its schedule, and a full after it', async () => {
    await using rig = await watchingRig({ defragmentationSchedule: new Schedule('30 * * * *') });
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(30 * 60_000);
    await rig.logged(/^Successfully saved full snapshot/, 2);
    assert.deepEqual(rig.cluster.defragmented, ['http://scripted:2379']);
    assert.ok(rig.store.saved.some((name) => name.startsWith('Full-00000000-00000059-')));
  });
});
