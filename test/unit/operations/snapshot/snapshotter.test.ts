import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import type { SnapshotterEvent } from '../../../../src/operations/snapshot/events.ts';
import { Snapshotter } from '../../../../src/operations/snapshot/snapshotter.ts';
import { revision } from '../../../../src/revision.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import { LeftUndone } from '../../../../src/runtime/process/left-undone.ts';
import type { Snapshot } from '../../../../src/snapshot/snapshot.ts';
import type { SaveOptions, StoredSnapshot } from '../../../../src/snapstore/snapstore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { databaseEndingAt, goldenRevision, ScriptedCluster } from '../../../support/etcd/scripted-cluster.ts';
import { labels, put } from '../../../support/fixtures/delta-events.ts';
import { requestDefaults } from '../../../support/snapshotter/request-defaults.ts';
import { periodMs, startRig, watchingRig } from '../../../support/snapshotter/snapshotter-rig.ts';
import { MemoryStore } from '../../../support/stores/memory-store.ts';

/** A store whose saves ignore their signal and the check, and become visible when they are released. */
class DeafStore extends MemoryStore {
  override save(snapshot: Snapshot, body: AsyncIterable<Uint8Array>, options: SaveOptions): Promise<StoredSnapshot> {
    const { sizeBound } = options;
    return super.save(snapshot, body, { sizeBound, signal: new AbortController().signal });
  }
}

/** Whether a promise has settled, once everything that can happen by itself has happened. */
async function hasSettled(promise: Promise<unknown>, settle: () => Promise<void>): Promise<boolean> {
  let settled = false;
  const note = (): void => {
    settled = true;
  };
  promise.then(note, note);
  for (let round = 0; round < 20; round++) {
    await settle();
  }
  return settled;
}

const ended = (error: unknown): boolean => error instanceof Failure && error.code === 'snapshotter_ended';

const leftUndone =
  (pattern: RegExp) =>
  (error: unknown): boolean =>
    error instanceof LeftUndone && pattern.test(error.message);

const flipped = (bytes: Buffer): Buffer => {
  const copy = Buffer.from(bytes);
  copy[9000] = (copy[9000] ?? 0) ^ 0xff;
  return copy;
};

describe('a run that is stopped', () => {
  test('writes what was buffered', async () => {
    await using rig = await watchingRig();
    rig.cluster.commit(put('a', 59), put('b', 60));
    await rig.clock.advance(10);
    await rig.stop();
    const [, delta] = rig.store.saved;
    assert.deepEqual(labels(await rig.store.events(delta ?? '')), ['a@59', 'b@60']);
  });

  test('finishes the delta that is being stored', async () => {
    await using rig = await watchingRig();
    rig.cluster.commit(put('a', 59));
    rig.store.hold();
    await rig.clock.advance(periodMs);
    await eventually(() => (rig.store.begun.length === 2 ? true : undefined));
    rig.abort();
    await rig.clock.advance(1_000);
    rig.store.release();
    await rig.ended;
    assert.equal(rig.store.saved.length, 2);
  });

  test('upstream 572: gives up after eight seconds when the store does not answer, and says what was lost', async () => {
    await using rig = await watchingRig();
    rig.store.hold();
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(10);
    rig.abort();
    await eventually(() => (rig.store.begun.length === 2 ? true : undefined));
    await rig.clock.advance(8_000);
    await assert.rejects(rig.ended, leftUndone(/revision 59 is not in memory/));
    assert.equal(rig.store.saved.length, 1);
    assert.equal(rig.log.count(/^Abandoned the events buffered/), 1);
    assert.equal(rig.log.count(/\b(Interrupted|Failure|Error): /), 0, 'no name of a class');
  });

  for (const kind of ['transient', 'denied', 'gone', 'invalid', 'quota', 'immutable', 'not_found'] as const) {
    test(`names what is lost when the store answers "${kind}" to the end`, async () => {
      const ends: string[] = [];
      await using rig = await watchingRig({
        listeners: [(event) => event.type === 'ended' && event.outcome === 'failed' && ends.push(event.code)],
      });
      rig.store.fail(kind);
      rig.cluster.commit(put('a', 59), put('b', 60));
      await rig.clock.advance(periodMs);
      await rig.logged(/^Trying to save a delta snapshot again/);
      rig.abort();
      await rig.clock.advance(8_000);
      await assert.rejects(rig.ended, leftUndone(/cannot store the last changes of .* revisions 59 to 60 are not in/));
      assert.deepEqual(ends, ['left_undone']);
    });
  }

  test('names what etcd has accepted and the watch has not brought', async () => {
    await using rig = await watchingRig();
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(10);
    rig.cluster.lagsAt = revision(62);
    rig.abort();
    await rig.clock.advance(5_000);
    await rig.saved(2);
    await assert.rejects(rig.ended, leftUndone(/revisions 60 to 62 are not in/));
  });

  test('has done nothing when the first full is not stored', async () => {
    await using rig = startRig({}, { prepare: (_cluster, store) => store.hold() });
    await rig.begun('Full');
    rig.abort();
    await assert.rejects(rig.ended, leftUndone(/cannot take a full snapshot of .* not stored in memory/));
  });

  test('has not done the full that was due when there are no deltas', async () => {
    await using rig = startRig({ deltaPeriodMs: undefined });
    await rig.saved(1);
    rig.cluster.commit(put('a', 59));
    rig.store.hold();
    await rig.clock.untilSleeping(60_000);
    await rig.clock.advance(3_600_000);
    await rig.begun('Full-00000000-00000059');
    rig.abort();
    await assert.rejects(rig.ended, leftUndone(/cannot take a full snapshot of/));
  });

  test('stores what waits as one delta, however many are waiting', async () => {
    await using rig = await watchingRig({ deltaMemoryLimit: 1000 });
    rig.store.hold();
    for (let at = 59; at <= 90; at++) {
      rig.cluster.commit(put('k', at, { value: Buffer.alloc(800, at), lease: at % 7 === 0 ? 5n : 0n }));
    }
    await eventually(() => (rig.tempFiles().length >= 28 ? true : undefined));
    rig.abort();
    await rig.clock.advance(100);
    rig.store.release();
    await rig.ended;
    assert.deepEqual(
      rig.store.saved.slice(1).map((name) => name.slice(0, 22)),
      ['Incr-00000059-00000059', 'Incr-00000060-00000090'],
    );
    const events = await rig.store.events(rig.store.saved.at(-1) ?? '');
    assert.deepEqual(
      events.map(({ modRevision }) => modRevision),
      Array.from({ length: 31 }, (_, at) => at + 60),
    );
    assert.deepEqual(rig.tempFiles(), []);
  });
});

describe('a run that is abandoned', () => {
  test('aborts the delta that is being stored, writes no other and does not wait for etcd', async () => {
    const ends: string[] = [];
    await using rig = await watchingRig({ listeners: [(event) => event.type === 'ended' && ends.push(event.outcome)] });
    rig.cluster.commit(put('a', 59));
    rig.store.hold();
    await rig.clock.advance(periodMs);
    await rig.begun('Incr');
    rig.cluster.commit(put('b', 60));
    rig.cluster.lagsAt = revision(90);
    const asked = rig.snapshotter.takeDelta();
    const refused = assert.rejects(asked, ended);
    await rig.snapshotter.abandon(new Error('another one leads'));
    await rig.ended;
    await refused;
    rig.store.release();
    assert.deepEqual(rig.store.begun.length, 2);
    assert.deepEqual(rig.store.saved.length, 1);
    assert.deepEqual(ends, ['stopped']);
    assert.deepEqual(rig.tempFiles(), []);
  });

  test('aborts the full that is being stored', async () => {
    await using rig = startRig({}, { prepare: (_cluster, store) => store.hold() });
    await rig.begun('Full');
    await rig.snapshotter.abandon(new Error('another one leads'));
    await rig.ended;
    rig.store.release();
    assert.deepEqual(rig.store.saved, []);
  });
});

test('a run tells when requests are served, after its first full and when it goes on from a chain', async () => {
  const begun: number[] = [];
  const listeners = [(event: SnapshotterEvent) => event.type === 'begun' && begun.push(event.covered)];
  await using rig = startRig({ listeners }, { prepare: (_cluster, store) => store.hold() });
  await rig.begun('Full');
  assert.deepEqual(begun, []);
  rig.store.release();
  await rig.cluster.watchingFrom(goldenRevision + 1);
  assert.deepEqual(begun, [goldenRevision]);
});

describe('the end of a run', () => {
  test('is a failure also when a stop comes while the last delta is being stored', async () => {
    const ends: string[] = [];
    await using rig = await watchingRig({
      listeners: [(event) => event.type === 'ended' && ends.push(event.outcome)],
    });
    rig.store.hold('Incr');
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(periodMs);
    await rig.begun('Incr');
    rig.cluster.breakWatch(new Error('the watch is broken'));
    assert.equal(await hasSettled(rig.ended, () => rig.clock.advance(0)), false);
    rig.abort();
    rig.store.release();
    await assert.rejects(rig.ended, /the watch is broken/);
    assert.deepEqual(ends, ['failed']);
  });

  test('aborts a full that was asked for, when the run fails, before it rejects', async () => {
    await using rig = await watchingRig();
    rig.store.hold('Full');
    const asked = rig.snapshotter.takeFull({ final: false });
    asked.catch(() => {});
    await rig.begun('Full-00000000-00000058');
    rig.cluster.breakWatch(new Error('the watch is broken'));
    await assert.rejects(rig.ended, /the watch is broken/);
    await assert.rejects(asked);
    rig.store.release();
    for (let round = 0; round < 20; round++) {
      await rig.clock.advance(0);
    }
    assert.equal(rig.store.saved.length, 1);
  });

  test('waits for a full that was asked for and that the store saves in spite of the stop', async () => {
    await using rig = await watchingRig({}, { store: new DeafStore() });
    rig.store.hold('Full');
    const asked = rig.snapshotter.takeFull({ final: false });
    asked.catch(() => {});
    await eventually(() => (rig.store.begun.length === 2 ? true : undefined));
    rig.abort();
    assert.equal(await hasSettled(rig.ended, () => rig.clock.advance(0)), false, 'the full may still become visible');
    rig.store.release();
    await rig.ended;
    assert.equal(rig.store.saved.length, 2);
  });

  test('waits for a delta that the store saves after the eight seconds are over', async () => {
    await using rig = await watchingRig({}, { store: new DeafStore() });
    rig.store.hold('Incr');
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(periodMs);
    await rig.begun('Incr-00000059');
    rig.abort();
    await rig.clock.advance(9_000);
    assert.equal(await hasSettled(rig.ended, () => rig.clock.advance(0)), false, 'the delta may still become visible');
    rig.store.release();
    await rig.ended;
    assert.equal(rig.store.saved.length, 2);
  });

  test('comes eight seconds after a failure, when the store does not answer', async () => {
    await using rig = await watchingRig();
    rig.store.hold('Incr');
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(periodMs);
    await rig.begun('Incr-00000059');
    rig.cluster.sendInstead(flipped(databaseEndingAt(60)));
    await rig.clock.advance(3_600_000 - periodMs);
    await rig.logged(/^Taking scheduled snapshot/);
    await rig.clock.untilSleeping(8_000);
    await rig.clock.advance(8_000);
    await assert.rejects(rig.ended, /cannot save the snapshot of/);
    assert.equal(rig.store.saved.length, 1);
    assert.equal(rig.log.count(/^Left undone: cannot store the last changes of .*: revision 59 is not in memory/), 1);
  });

  test('says what a failure leaves undone when not even the first full was stored', async () => {
    await using rig = startRig(
      {},
      { prepare: (cluster) => cluster.sendInstead(flipped(databaseEndingAt(goldenRevision))) },
    );
    await assert.rejects(rig.ended, /cannot save the snapshot of/);
    const said = /^Left undone: cannot take a full snapshot of .*: it was not stored in memory before the end$/;
    assert.equal(rig.log.count(said), 1);
  });

  test('comes with stop(), which waits as long as run() does, and refuses requests from then on', async () => {
    await using rig = await watchingRig({}, { store: new DeafStore() });
    rig.store.hold('Full');
    const asked = rig.snapshotter.takeFull({ final: false });
    asked.catch(() => {});
    await eventually(() => (rig.store.begun.length === 2 ? true : undefined));
    const stopped = rig.snapshotter.stop();
    assert.equal(await hasSettled(stopped, () => rig.clock.advance(0)), false);
    await assert.rejects(rig.snapshotter.takeFull({ final: false }), ended);
    rig.store.release();
    await stopped;
    await rig.ended;
    await Promise.allSettled([asked]);
    assert.equal(rig.store.saved.length, 2);
    await assert.rejects(rig.snapshotter.takeFull({ final: false }), ended);
    await assert.rejects(rig.snapshotter.takeDelta(), ended);
  });

  test('refuses what was asked for before it began, when it fails at its beginning', async () => {
    await using rig = startRig({}, { prepare: (_cluster, store) => store.fail('denied') });
    const asked = rig.snapshotter.takeFull({ final: false });
    await assert.rejects(asked, ended);
    await assert.rejects(rig.ended, /cannot/);
    await rig.snapshotter.stop();
  });

  test('comes when a delta that was asked for is lost, since no later one could continue the chain', async () => {
    await using rig = await watchingRig({ maxStoreOutageMs: 0 });
    rig.store.fail('transient');
    rig.cluster.commit(put('a', 59));
    await assert.rejects(rig.snapshotter.takeDelta(), /the store has failed for 0 s/);
    await assert.rejects(rig.ended, (error) => error instanceof Failure && error.code === 'store_outage');
  });
});

describe('a snapshotter that never ran', () => {
  test('refuses requests after a stop', async () => {
    const request = { ...requestDefaults, cluster: new ScriptedCluster(), store: new MemoryStore(), tempDir: '' };
    await using snapshotter = new Snapshotter(request, recordedContext());
    const asked = snapshotter.takeDelta();
    await snapshotter.stop();
    await assert.rejects(asked, ended);
  });
});

test('a final full is taken again where only the member that is asked has not seen the changes since', async () => {
  await using rig = await watchingRig();
  rig.cluster.changeOther();
  await rig.snapshotter.takeFull({ final: true });
  rig.cluster.lagsAt = revision(goldenRevision);
  rig.cluster.commit(put('a', 59));
  const asked = rig.snapshotter.takeFull({ final: true });
  await rig.logged(/^etcd is at revision 58, a quorum of its members at 59: waiting/);
  rig.cluster.lagsAt = undefined;
  await rig.clock.advance(1_000);
  assert.equal((await asked).lastRevision, 59);
});
