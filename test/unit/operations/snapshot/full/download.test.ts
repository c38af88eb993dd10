import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { eventually } from '../../../../../scripts/lab/eventually.ts';
import { Failure } from '../../../../../src/runtime/failure.ts';
import { LeftUndone } from '../../../../../src/runtime/process/left-undone.ts';
import { databaseEndingAt } from '../../../../support/etcd/scripted-cluster.ts';
import { firstDelta, startRig } from '../../../../support/snapshotter/snapshotter-rig.ts';

describe('a full that is downloaded', () => {
  const damaged: readonly [string, Buffer][] = [
    ['whose hash does not fit', flip(databaseEndingAt(60), 9000)],
    ['without hash', databaseEndingAt(60).subarray(0, -32)],
    ['with a damaged page and a hash that fits it', rehashed(flip(databaseEndingAt(60), 4096 * 3 + 8))],
  ];

  for (const [what, stream] of damaged) {
    test(`upstream 749, 778: ${what} is refused: nothing becomes visible, and no file stays`, async () => {
      await using rig = startRig({}, { prepare: (cluster) => cluster.sendInstead(stream) });
      await assert.rejects(rig.ended, (error) => error instanceof Failure && error.code === 'snapshot_corrupt');
      assert.deepEqual(rig.store.saved, []);
      assert.deepEqual(rig.tempFiles(), []);
    });
  }

  test('whose stream breaks off is read again, from a member that answers then', async () => {
    await using rig = startRig(
      {},
      {
        prepare: (cluster) => {
          cluster.breakOffs = 2;
        },
      },
    );
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(1_000);
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(1_000);
    await rig.cluster.watchingFrom(firstDelta);
    assert.equal(rig.store.saved.length, 1);
    assert.equal(rig.cluster.snapshots, 3);
    assert.deepEqual(rig.tempFiles(), []);
  });

  test('whose stream breaks off each time fails with what broke it', async () => {
    await using rig = startRig(
      {},
      {
        prepare: (cluster) => {
          cluster.breakOffs = 3;
        },
      },
    );
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(1_000);
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(1_000);
    await assert.rejects(rig.ended, /the stream broke off after 4096 bytes/);
    assert.deepEqual(rig.tempFiles(), []);
  });

  test('that is interrupted is abandoned and its temporary file removed', async () => {
    await using rig = startRig({}, { prepare: (cluster) => cluster.holdSnapshots() });
    await eventually(() => (rig.tempFiles().length === 2 ? true : undefined));
    for (const name of rig.tempFiles()) {
      assert.match(name, /^etcdbrctl-(snapshot|compressed)-\d+-[0-9a-f]+\.tmp$/);
    }
    rig.abort();
    await assert.rejects(rig.ended, LeftUndone);
    assert.deepEqual(rig.store.begun, []);
    assert.deepEqual(rig.tempFiles(), []);
    assert.equal(rig.log.count(/^Abandoned the full snapshot/), 1);
  });
});

function flip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}

function rehashed(stream: Buffer): Buffer {
  const database = stream.subarray(0, -32);
  return Buffer.concat([database, createHash('sha256').update(database).digest()]);
}
