import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { put } from '../../../../support/fixtures/delta-events.ts';
import { watchingRig } from '../../../../support/snapshotter/snapshotter-rig.ts';

describe('the limit of the event buffer', () => {
  test('are written early at the memory limit, cut only between transactions', async () => {
    await using rig = await watchingRig({ deltaMemoryLimit: 1000 });
    const transaction = (at: number, keys: number) =>
      Array.from({ length: keys }, (_, index) => put(`key-${index}`, at, { value: Buffer.alloc(100) }));
    rig.cluster.commit(...[59, 60, 61, 62, 63].flatMap((at) => transaction(at, 3)));
    await rig.saved(3);
    assert.deepEqual(
      rig.store.saved.slice(1).map((name) => name.slice(0, 22)),
      ['Incr-00000059-00000060', 'Incr-00000061-00000062'],
    );
    await rig.logged(/crossed the memory limit/);
  });

  test('hold an event larger than the limit whole', async () => {
    await using rig = await watchingRig({ deltaMemoryLimit: 1000 });
    rig.cluster.commit(put('large', 59, { value: Buffer.alloc(100_000, 7) }));
    const [, delta] = await rig.saved(2);
    assert.deepEqual(await rig.store.events(delta ?? ''), [put('large', 59, { value: Buffer.alloc(100_000, 7) })]);
  });
});
