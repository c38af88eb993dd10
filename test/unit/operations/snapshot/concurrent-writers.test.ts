import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { revision } from '../../../../src/revision.ts';
import { newSnapshot } from '../../../../src/snapshot/name.ts';
import { put } from '../../../support/fixtures/delta-events.ts';
import { periodMs, startSeconds, watchingRig } from '../../../support/snapshotter/snapshotter-rig.ts';

describe('concurrent writers', () => {
  test('deltas of another writer are noticed once each', async () => {
    await using rig = await watchingRig();
    await rig.clock.untilSleeping(60_000);
    await rig.clock.advance(60_000);
    rig.cluster.commit(put('a', 59));
    await rig.clock.untilSleeping(periodMs);
    await rig.clock.advance(60_000);
    assert.equal(rig.log.count(/ANOTHER SNAPSHOTTER/), 0);
    rig.store.place(
      newSnapshot({
        kind: 'Incr',
        startRevision: revision(59),
        lastRevision: revision(59),
        createdOn: startSeconds + 1,
        compression: 'gzip',
        isFinal: false,
      }),
    );
    await rig.clock.advance(180_000);
    await rig.logged(/^ANOTHER SNAPSHOTTER writes to the same place: Incr-00000059-00000059-/);
    assert.equal(rig.log.count(/ANOTHER SNAPSHOTTER/), 1);
  });
});
