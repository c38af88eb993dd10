import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../../../../../scripts/lab/eventually.ts';
import { CompactedFailure, TransactionTooLarge } from '../../../../../src/etcd/etcd-failure.ts';
import { revision } from '../../../../../src/revision.ts';
import { newestChain } from '../../../../../src/snapshot/chain.ts';
import { history, put } from '../../../../support/fixtures/delta-events.ts';
import { periodMs, watchingRig } from '../../../../support/snapshotter/snapshotter-rig.ts';

describe('a watch that cannot go on', () => {
  test('a compacted watch leads to a full and a new watch, and what was buffered before is kept', async () => {
    await using rig = await watchingRig();
    rig.cluster.commit(put('a', 59));
    await eventually(() => (rig.log.count(/Applied watch/) > 0 ? true : undefined));
    await rig.clock.advance(0);
    rig.cluster.compactAndBreak(70);
    rig.cluster.commit(...history(60, 72));
    await rig.cluster.watchingFrom(73);
    rig.cluster.commit(put('later', 73));
    await rig.clock.untilSleeping(periodMs);
    await rig.clock.advance(periodMs);
    await eventually(() => (rig.store.saved.at(-1)?.startsWith('Incr-00000073-00000073') ? true : undefined));
    assert.ok(rig.store.saved.some((name) => name.startsWith('Full-00000000-00000072')));
    assert.equal(newestChain((await rig.store.list()).snapshots).outcome, 'chain');
  });

  test('at the very place where the newest full leads has another full, and after fulls that do not help there are waits', async () => {
    await using rig = await watchingRig();
    await rig.clock.advance(1_000);
    const [from, compactRevision] = [revision(59), revision(59)];
    // Not without end: nothing else would have its turn.
    rig.cluster.breakWatches(1_000, new CompactedFailure({ endpoint: rig.cluster.location, from, compactRevision }));
    const waits = /^The last full has not helped the watch: waiting/;
    for (const [at, seconds] of [1, 2, 4, 8, 16, 32, 60, 60].entries()) {
      await rig.logged(waits, at + 1);
      assert.match(rig.log.texts.findLast((text) => waits.test(text)) ?? '', new RegExp(` ${seconds} s$`));
      assert.deepEqual([rig.cluster.snapshots, rig.cluster.watchedFrom.length], [2 + at, 2 + at]);
      if (at === 7) {
        rig.cluster.breakWatches(0);
      }
      await rig.clock.advance(seconds * 1_000);
    }
    await eventually(() => (rig.cluster.watchedFrom.length === 10 ? true : undefined), { intervalMs: 1 });
    rig.cluster.commit(put('a', 59));
    await rig.loggedInTime(/Incr-00000059-00000059/, periodMs);
  });

  test('a transaction too large for memory is left to a full', async () => {
    await using rig = await watchingRig();
    await eventually(() => (rig.log.count(/Applied watch/) > 0 ? true : undefined));
    rig.cluster.commit(...history(59, 60));
    const { location } = rig.cluster;
    rig.cluster.breakWatchOnce(
      new TransactionTooLarge({ endpoint: location, revision: revision(60), mostBytes: 1_000 }),
    );
    await rig.cluster.watchingFrom(61);
    assert.equal(rig.log.count(/revision 60 need more than 1000 bytes.* in place of the events that wait\.$/), 1);
    assert.match(rig.store.saved.at(-1) ?? '', /^Full-00000000-00000060-/);
    rig.cluster.commit(put('later', 61));
    await rig.clock.untilSleeping(periodMs);
    await rig.clock.advance(periodMs);
    await eventually(() => (rig.store.saved.at(-1)?.startsWith('Incr-00000061-00000061') ? true : undefined));
  });

  test('give way to a full when no more may wait', async () => {
    await using rig = await watchingRig({ deltaMemoryLimit: 1000, deltaSpoolLimit: 5000 });
    rig.store.hold('Incr');
    for (let at = 59; at <= 90; at++) {
      rig.cluster.commit(put('k', at, { value: Buffer.alloc(800) }));
    }
    await rig.logged(/in place of the events that wait\.$/);
    await rig.cluster.watchingFrom(91);
    assert.match(rig.store.saved.at(-1) ?? '', /^Full-00000000-00000090-/);
    assert.deepEqual(rig.tempFiles(), []);
    rig.store.release();
    rig.cluster.commit(put('later', 91));
    await rig.clock.untilSleeping(periodMs);
    await rig.clock.advance(periodMs);
    await eventually(() => (rig.store.saved.at(-1)?.startsWith('Incr-00000091-00000091') ? true : undefined));
    const chain = newestChain((await rig.store.list()).snapshots);
    assert.equal(chain.outcome === 'chain' && chain.lastRevision, 91);
  });
});
