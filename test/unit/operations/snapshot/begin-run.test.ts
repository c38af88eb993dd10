import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { revision } from '../../../../src/revision.ts';
import { newSnapshot } from '../../../../src/snapshot/name.ts';
import { put } from '../../../support/fixtures/delta-events.ts';
import { periodMs, startRig, startSeconds } from '../../../support/snapshotter/snapshotter-rig.ts';

describe('a run that begins as needed', () => {
  const stored = (kind: 'Full' | 'Incr', from: number, to: number, isFinal = false) =>
    newSnapshot({
      kind,
      startRevision: revision(from),
      lastRevision: revision(to),
      createdOn: startSeconds - 600 + to,
      compression: 'gzip',
      isFinal,
    });

  test('goes on with deltas after a recent backup', async () => {
    await using rig = startRig(
      { start: 'as needed' },
      {
        prepare: (cluster, store) => {
          store.place(stored('Full', 0, 50), stored('Incr', 51, 58));
          cluster.commit(put('a', 59));
        },
      },
    );
    await rig.cluster.watchingFrom(59);
    await rig.clock.untilSleeping(periodMs);
    await rig.clock.advance(periodMs);
    assert.deepEqual(await rig.saved(1), [`Incr-00000059-00000059-${startSeconds + 20}.gz`]);
    assert.equal(rig.cluster.snapshots, 0);
  });

  for (const [what, snapshots] of [
    ['there is no backup', []],
    ['the backup is final', [stored('Full', 0, 58, true)]],
    ['the backup has a gap', [stored('Full', 0, 50), stored('Incr', 53, 58)]],
    ['the backup is ahead of etcd', [stored('Full', 0, 70)]],
  ] as const) {
    test(`takes a full when ${what}`, async () => {
      await using rig = startRig({ start: 'as needed' }, { prepare: (_cluster, store) => store.place(...snapshots) });
      const [full] = await rig.saved(1);
      assert.match(full ?? '', /^Full-00000000-00000058-/);
    });
  }
});
