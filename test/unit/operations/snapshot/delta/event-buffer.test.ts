import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeTempDir } from '../../../../../scripts/lab/temp-dir.ts';
import { EventBuffer } from '../../../../../src/operations/snapshot/delta/event-buffer.ts';
import type { LeaseTtls } from '../../../../../src/operations/snapshot/delta/lease-ttls.ts';
import { DeltaSpool } from '../../../../../src/operations/snapshot/delta/spool.ts';
import { revision } from '../../../../../src/revision.ts';
import { jumpingClock } from '../../../../support/clock/jumping-clock.ts';
import { decodedDelta } from '../../../../support/fixtures/decoded-delta.ts';
import { del, put } from '../../../../support/fixtures/delta-events.ts';
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

describe('the end of a full that falls into what waits as one delta', () => {
  const events = [put('a', 59), put('b', 59), put('a', 60, { version: 2, lease: 7n }), del('b', 61), put('c', 62)];

  /** A full is being read, and all of it waits as one delta: in memory, or in a file behind another one that waits. */
  async function waiting(where: 'memory' | 'file') {
    const dir = makeTempDir();
    const spool = new DeltaSpool({ directory: dir.path, limitBytes: 1_000_000 });
    const ttls = { request: () => {}, of: () => 30, takeNew: () => [], forget: () => {} } as unknown as LeaseTtls;
    const buffer = new EventBuffer({ limitBytes: 10_000, clock: jumpingClock(), spool, leases: ttls });
    buffer.hold();
    if (where === 'file') {
      await buffer.add([put('before', 58, { value: Buffer.alloc(10_000) })]);
    }
    await buffer.add(events);
    buffer.close();
    if (where === 'file') {
      // Reaches the limit: what waits already goes to files, but for the first.
      await buffer.add([put('after', 63, { value: Buffer.alloc(10_000) })]);
      assert.ok(spool.bytes > 0);
      assert.equal((await buffer.take())?.lastRevision, 58);
    }
    return { buffer, spool, [Symbol.dispose]: () => dir[Symbol.dispose]() };
  }

  for (const where of ['memory', 'file'] as const) {
    test(`in ${where}: it becomes two, and nothing is taken before`, async () => {
      using rig = await waiting(where);
      const { buffer } = rig;
      assert.equal(buffer.cutAt(revision(60)), 'cut');
      const taken = [await buffer.take(), await buffer.take()].filter((each) => each !== undefined);
      assert.deepEqual(
        taken.map(({ firstRevision, lastRevision, count }) => ({ firstRevision, lastRevision, count })),
        [
          { firstRevision: 59, lastRevision: 60, count: 3 },
          { firstRevision: 61, lastRevision: 62, count: 2 },
        ],
      );
      const found = await Promise.all(taken.map((segment) => decodedDelta(segment.read())));
      assert.deepEqual(
        found.flat().map(({ event }) => event),
        events,
      );
      assert.deepEqual(
        found.map((half) => half.at(-1)?.leaseTtls),
        [new Map([[7n, 30]]), new Map([[7n, 30]])],
      );
      for (const segment of [...taken, await buffer.take()]) {
        await segment?.release();
      }
      assert.equal(rig.spool.bytes, 0);
    });
  }

  for (const arrives of ['before the full ends', 'after it'] as const) {
    test(`is kept when what waits is taken as one, also of what arrives ${arrives}`, async () => {
      using rig = await waiting('memory');
      const { buffer } = rig;
      const next = [put('d', 63), put('e', 64)];
      if (arrives === 'before the full ends') {
        await buffer.add(next);
      }
      assert.equal(buffer.cutAt(revision(62)), 'cut');
      if (arrives === 'after it') {
        await buffer.add(next);
      }
      await buffer.coverUpTo(revision(62));
      buffer.close();
      const taken = [await buffer.takeJoined(1_000_000), await buffer.takeJoined(1_000_000)];
      assert.deepEqual(
        taken.map((segment) => [segment?.firstRevision, segment?.lastRevision]),
        [
          [59, 62],
          [63, 64],
        ],
      );
    });
  }

  test('is too late where that is taken already', async () => {
    using rig = await waiting('memory');
    await rig.buffer.take();
    assert.equal(rig.buffer.cutAt(revision(60)), 'too late');
  });

  test('discards nothing of a new history that begins meanwhile', async () => {
    using rig = await waiting('file');
    rig.buffer.cutAt(revision(60));
    await rig.buffer.restart();
    assert.equal(await rig.buffer.take(), undefined);
    await rig.buffer.add([put('a', 12)]);
    rig.buffer.close();
    assert.equal((await rig.buffer.take())?.lastRevision, 12);
    assert.equal(rig.spool.bytes, 0);
  });
});

describe('a full that ends before the first event of the watch has arrived', () => {
  /** Nothing was buffered when a full ended at revision 60. */
  async function covered() {
    const dir = makeTempDir();
    const spool = new DeltaSpool({ directory: dir.path, limitBytes: 1_000_000 });
    const ttls = { request: () => {}, of: () => 30, takeNew: () => [], forget: () => {} } as unknown as LeaseTtls;
    const buffer = new EventBuffer({ limitBytes: 10_000, clock: jumpingClock(), spool, leases: ttls });
    buffer.hold();
    assert.equal(buffer.cutAt(revision(60)), 'cut');
    await buffer.coverUpTo(revision(60));
    return { buffer, [Symbol.dispose]: () => dir[Symbol.dispose]() };
  }

  test('leaves those up to its revision to the chain before, and what follows to its own', async () => {
    using rig = await covered();
    await rig.buffer.add([put('a', 58), put('a', 59), put('a', 60), put('a', 61)]);
    rig.buffer.close();
    const taken = [await rig.buffer.take(), await rig.buffer.take()];
    assert.deepEqual(
      taken.map((segment) => [segment?.firstRevision, segment?.lastRevision]),
      [
        [58, 60],
        [61, 61],
      ],
    );
  });

  test('leaves no gap after it unseen', async () => {
    using rig = await covered();
    await assert.rejects(rig.buffer.add([put('a', 62)]), { code: 'delta_gap' });
  });
});
