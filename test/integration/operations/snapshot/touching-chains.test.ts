import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { EtcdGateway } from '../../../../scripts/lab/etcd-gateway.ts';
import { etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { Schedule } from '../../../../src/operations/snapshot/schedule.ts';
import { compareInChainOrder } from '../../../../src/snapshot/order.ts';
import { clockBeforeMinute, startSnapshotter } from '../../../support/etcd/running-snapshotter.ts';
import { MemoryStore } from '../../../support/stores/memory-store.ts';

test('fulls of a large database while writes go on: chains touch, and deltas are written while a full is read', async () => {
  await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
  const gateway = new EtcdGateway(etcd.clientUrl);
  for (let number = 0; number < 120; number++) {
    await gateway.write([{ put: `large/${number}`, value: randomBytes(1_000_000) }]);
  }
  const store = new MemoryStore();
  await using snapshotter = await startSnapshotter([etcd.clientUrl], store, {
    schedule: new Schedule('* * * * *'),
    clock: clockBeforeMinute(9_000),
    compression: 'gzip',
  });
  const fulls = (): number => store.saved.filter((name) => name.startsWith('Full')).length;
  let last = 0;
  const until = performance.now() + 90_000;
  while (fulls() < 2 && performance.now() < until) {
    last = await gateway.write([{ put: 'steady', value: randomBytes(100) }]);
  }
  for (let more = 0; more < 50; more++) {
    last = await gateway.write([{ put: 'steady', value: randomBytes(100) }]);
  }
  await snapshotter.covers(last);
  await snapshotter.stop();
  const { snapshots } = await store.list();
  const deltas = snapshots.filter(({ kind }) => kind === 'Incr').toSorted((a, b) => a.startRevision - b.startRevision);
  let reached: number = snapshots.find(({ kind }) => kind === 'Full')?.lastRevision ?? 0;
  for (const delta of deltas) {
    assert.equal(delta.startRevision, reached + 1, `${delta.name}: revisions are missing before it`);
    reached = delta.lastRevision;
  }
  const whileRead = snapshotter.log.texts.slice(
    snapshotter.log.texts.findLastIndex((text) => text.startsWith('Successfully opened snapshot reader')),
    snapshotter.log.texts.findLastIndex((text) => text.startsWith('Successfully saved full snapshot')),
  );
  assert.ok(
    whileRead.some((text) => text.startsWith('Successfully saved delta snapshot')),
    'deltas wait for the full',
  );
  assert.equal(snapshotter.log.count(/HISTORY/), 0, 'writes that go on are no other history');
  const inOrder = snapshots.toSorted(compareInChainOrder);
  const second = inOrder.findLast(({ kind }) => kind === 'Full');
  assert.ok(second !== undefined);
  for (const delta of deltas) {
    if (delta.lastRevision === second.lastRevision) {
      assert.ok(delta.createdOn < second.createdOn, `${delta.name} ends where ${second.name} ends`);
    }
    if (delta.lastRevision > second.lastRevision) {
      assert.ok(delta.createdOn >= second.createdOn, `${delta.name} continues ${second.name}`);
    }
  }
});
