import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '../../../../../src/runtime/failure.ts';
import { watchingRig } from '../../../../support/snapshotter/snapshotter-rig.ts';

describe('the state of a cluster', () => {
  test('a corrupt cluster does not get to overwrite good backups, one without space does', async () => {
    await using rig = await watchingRig();
    rig.cluster.raised = [{ memberId: 10n, alarm: 'NOSPACE' }];
    await rig.snapshotter.takeFull({ final: false });
    assert.equal(rig.log.count(/alarm NOSPACE for member a/), 1);
    rig.cluster.raised = [{ memberId: 10n, alarm: 'CORRUPT' }];
    await assert.rejects(
      rig.snapshotter.takeFull({ final: false }),
      (error) => error instanceof Failure && error.code === 'etcd_corrupt',
    );
    assert.equal(rig.store.saved.length, 2);
  });

  test('a member that is a learner is logged with each full', async () => {
    await using rig = await watchingRig();
    assert.equal(rig.log.count(/is a learner/), 0);
    rig.cluster.isLearner = true;
    await rig.snapshotter.takeFull({ final: false });
    assert.equal(rig.log.count(/^Member .* is a learner/), 1);
  });
});
