import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OutageAge } from '../../../src/operations/snapshot/outage-age.ts';
import { revision } from '../../../src/revision.ts';
import { Failure } from '../../../src/runtime/failure.ts';
import type { SnapshotTaker } from '../../../src/server/sidecar.ts';
import type { SidecarLife } from '../../../src/server/sidecar-life.ts';
import { newSnapshot } from '../../../src/snapshot/name.ts';
import { BackupStore } from '../../../src/snapstore/backups/backup-store.ts';
import type { Bucket } from '../../../src/snapstore/bucket.ts';
import { StoreError } from '../../../src/snapstore/store-error.ts';
import { history, put } from '../../support/fixtures/delta-events.ts';
import { storeDelta } from '../../support/fixtures/stored-delta.ts';
import {
  election,
  leadingSidecar,
  type SidecarRig,
  type SidecarSetup,
  startSidecar,
} from '../../support/server/sidecar-rig.ts';
import { startSeconds } from '../../support/snapshotter/snapshotter-rig.ts';
import { memoryBucket } from '../../support/stores/memory-bucket.ts';
import { MemoryStore } from '../../support/stores/memory-store.ts';

function takerOf({ snapshots }: SidecarLife): SnapshotTaker {
  assert.equal(snapshots.kind, 'leads');
  return snapshots.taker;
}

const code =
  (...expected: readonly string[]) =>
  (error: unknown): boolean =>
    error instanceof Failure && expected.includes(error.code);

describe('the life of a sidecar', () => {
  it('waits for etcd, is unwell until it leads and has answered, and begins with a full', async () => {
    await using rig = startSidecar();
    const { life, member, clock, store } = rig;
    await clock.advance(10_000);
    assert.deepEqual([life.healthy, life.snapshots.kind], [false, 'forwards']);
    member.is = 'follower';
    await clock.advance(4_000);
    await rig.nextLook();
    assert.deepEqual([life.healthy, life.snapshots.kind], [false, 'forwards']);
    assert.deepEqual(store.begun, []);
    member.is = 'leader';
    await rig.nextLook();
    await rig.saved(1);
    assert.deepEqual([life.healthy, life.snapshots.kind], [true, 'leads']);
    assert.match(store.saved[0] ?? '', /^Full-/);
    rig.abort();
    await rig.ended;
  });

  it('ends at once when it is stopped before etcd has answered, and as a follower', async () => {
    for (const is of ['refusing', 'hanging', 'follower', 'learner', 'without leader'] as const) {
      await using rig = startSidecar({ prepare: (_cluster, _store, member) => member.become(is) });
      await rig.clock.advance(1_000);
      rig.abort();
      await rig.ended;
    }
  });

  const phases: Readonly<Record<string, { readonly setup: SidecarSetup; reached(rig: SidecarRig): boolean }>> = {
    'its store is being opened, which hangs': {
      setup: { openStore: () => new Promise(() => undefined) },
      reached: ({ life }) => life.healthy,
    },
    'it waits after a failure': {
      setup: { openStore: () => Promise.reject(new MemoryStore().failure('denied')) },
      reached: ({ log }) => log.count(/^Taking snapshots again in/) === 1,
    },
    'its first full is read': {
      setup: { prepare: (cluster) => cluster.holdSnapshots() },
      reached: ({ cluster }) => cluster.snapshots === 1,
    },
    'its first full is uploaded': {
      setup: { prepare: (_cluster, store) => store.hold('Full') },
      reached: ({ store }) => store.begun.length === 1,
    },
  };
  for (const [phase, { setup, reached }] of Object.entries(phases)) {
    it(`ends within 20 s, without a failure, when it is stopped while ${phase}`, async () => {
      await using rig = startSidecar({
        ...setup,
        prepare: (cluster, store, member) => {
          member.become('leader');
          setup.prepare?.(cluster, store, member);
        },
      });
      await rig.clock.advance(0);
      await rig.until(() => reached(rig), phase);
      rig.abort();
      let isOver = false;
      const ended = rig.ended.then(() => {
        isOver = true;
      });
      for (let second = 0; second < 20 && !isOver; second++) {
        await rig.clock.advance(1_000);
      }
      await ended;
      assert.deepEqual(rig.store.saved, []);
    });
  }

  it('stores what is buffered when it is stopped, also when etcd has ended just before', async () => {
    for (const is of ['leader', 'refusing'] as const) {
      await using rig = await leadingSidecar();
      rig.cluster.commit(put('a', 59));
      await rig.clock.advance(10);
      rig.member.is = is;
      rig.abort();
      await rig.ended;
      assert.match(rig.store.saved[1] ?? '', /^Incr-00000059-00000059/, is);
    }
  });

  it('ends without a failure when the store does not take the last delta in time, and says what is missing', async () => {
    await using rig = await leadingSidecar();
    rig.store.hold();
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(10);
    rig.abort();
    await rig.until(() => rig.store.begun.length === 2, 'the last delta');
    await rig.clock.advance(20_000);
    await rig.ended;
    assert.equal(rig.log.count(/revision 59 is not in memory/), 1);
  });

  it('without a store is well as leader, and takes no snapshots', async () => {
    await using rig = startSidecar({
      parts: { snapshots: undefined },
      prepare: (_cluster, _store, member) => member.become('leader'),
    });
    await rig.clock.advance(0);
    assert.deepEqual([rig.life.healthy, rig.life.snapshots], [true, { kind: 'no store' }]);
    rig.member.is = 'refusing';
    await rig.nextLook();
    assert.equal(rig.life.healthy, false);
  });
});

describe('a lead that is lost', () => {
  for (const is of ['follower', 'refusing', 'hanging', 'learner', 'without leader'] as const) {
    it(`to a member that is ${is} aborts the upload within one period and the time of a look`, async () => {
      await using rig = await leadingSidecar();
      rig.store.hold();
      rig.cluster.commit(put('a', 59));
      await rig.clock.advance(20_000);
      await rig.until(() => rig.store.begun.length === 2, 'the upload of the delta');
      rig.member.is = is;
      await rig.clock.advance(election.periodMs + election.timeoutMs);
      assert.deepEqual([rig.life.healthy, rig.life.snapshots.kind], [false, 'forwards']);
      rig.store.release();
      await rig.clock.advance(60_000);
      assert.equal(rig.store.saved.length, 1);
    });
  }

  it('is noticed at the last moment before an object becomes visible', async () => {
    await using rig = await leadingSidecar();
    rig.store.hold();
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(20_000);
    await rig.until(() => rig.store.begun.length === 2, 'the upload of the delta');
    const asked = rig.member.asked;
    rig.member.is = 'follower';
    rig.store.release();
    await rig.until(() => rig.life.snapshots.kind === 'forwards', 'the end of the lead');
    assert.equal(rig.member.asked, asked + 1);
    assert.equal(rig.store.saved.length, 1);
  });

  it('comes back: the next one goes on with deltas from what the store holds', async () => {
    await using rig = await leadingSidecar();
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(10);
    rig.member.is = 'refusing';
    await rig.nextLook();
    assert.equal(rig.life.healthy, false);
    rig.member.is = 'leader';
    await rig.nextLook();
    await rig.until(() => rig.cluster.watchedFrom.length === 2, 'the second watch');
    assert.equal(rig.life.healthy, true);
    await rig.clock.advance(25_000);
    await rig.saved(2);
    assert.match(rig.store.saved[1] ?? '', /^Incr-00000059-00000059/);
  });

  it('is noticed while the store hangs, in its opening as well', async () => {
    const opening = Promise.withResolvers<MemoryStore>();
    await using rig = startSidecar({
      openStore: () => opening.promise,
      prepare: (_cluster, _store, member) => member.become('leader'),
    });
    await rig.clock.advance(0);
    assert.deepEqual([rig.life.healthy, rig.life.snapshots.kind], [true, 'leads']);
    rig.member.is = 'follower';
    await rig.nextLook();
    assert.deepEqual([rig.life.healthy, rig.life.snapshots.kind], [false, 'forwards']);
    // Nothing waits for the opening: neither the next lead nor the end.
    const { life } = rig;
    rig.member.is = 'leader';
    await rig.nextLook();
    assert.equal(life.healthy, true);
    rig.abort();
    await rig.ended;
    opening.resolve(rig.store);
    await rig.clock.advance(60_000);
    assert.deepEqual(rig.store.begun, []);
  });
});

describe('a Kubernetes that hangs', () => {
  it('delays neither the end of a lead nor the next one nor the end of the process', async () => {
    const hang = () => new Promise<never>(() => undefined);
    const calls: string[] = [];
    await using rig = await leadingSidecar({
      parts: {
        leaderTasks: [{ name: 'renew leases', run: hang }],
        memberLease: {
          renew: () => void calls.push('renew'),
          pause: () => void calls.push('pause'),
          looked: () => undefined,
          ended: () => Promise.resolve(),
        },
      },
    });
    rig.member.is = 'without leader';
    await rig.nextLook();
    assert.deepEqual([rig.life.healthy, rig.life.snapshots.kind], [false, 'forwards']);
    rig.member.is = 'leader';
    await rig.nextLook();
    await rig.until(() => rig.cluster.watchedFrom.length === 2, 'the second watch');
    assert.equal(rig.life.healthy, true);
    rig.abort();
    await rig.ended;
    assert.deepEqual(calls, ['renew', 'pause', 'renew']);
  });
});

describe('a failure while it leads', () => {
  it('of the store at its opening is tried again, later each time, and leaves it well', async () => {
    const openings: number[] = [];
    let works = false;
    const store = new MemoryStore();
    await using rig = startSidecar({
      store,
      openStore: async () => {
        openings.push(rig.clock.monotonic());
        if (!works) {
          throw store.failure('denied');
        }
        return store;
      },
      prepare: (_cluster, _store, member) => member.become('leader'),
    });
    await rig.clock.advance(15_000);
    assert.equal(rig.life.healthy, true);
    // Where the wait is a long one, it is asked about meanwhile.
    assert.deepEqual(openings, [0, 2_000, 6_000, 14_000, 14_000]);
    await assert.rejects(takerOf(rig.life).takeFull({ final: false }), code('snapshotter_ended'));
    await assert.rejects(takerOf(rig.life).latest({ signal: new AbortController().signal }), code('store_denied'));
    // The wait goes on with the next lead.
    rig.member.is = 'follower';
    await rig.nextLook();
    rig.member.is = 'leader';
    await rig.nextLook();
    const before = rig.clock.monotonic();
    await rig.clock.advance(31_000);
    assert.deepEqual(
      openings.slice(6).map((at) => at - before),
      [0, 15_000, 30_000],
    );
    assert.deepEqual(
      [16, 32].map((seconds) => rig.log.count(new RegExp(`^Taking snapshots again in ${seconds} s`))),
      [1, 1],
    );
    works = true;
    await rig.clock.advance(2_000);
    await rig.saved(1);
  });

  it('of a probe makes it unwell until one is answered, which is asked for later each time', async () => {
    await using rig = startSidecar({
      // The first answer, a look, and four probes.
      prepare: (_cluster, _store, member) => {
        member.become('leader');
        member.once.push('leader', 'leader', 'refusing', 'refusing');
      },
    });
    await rig.clock.advance(1_999);
    assert.deepEqual([rig.life.healthy, rig.life.snapshots.kind, rig.member.asked], [false, 'leads', 3]);
    await rig.clock.advance(1);
    assert.deepEqual([rig.life.healthy, rig.member.asked], [false, 4]);
    // A look is an answer as well.
    await rig.clock.advance(3_000);
    assert.deepEqual([rig.life.healthy, rig.member.asked], [true, 5]);
    assert.deepEqual(rig.store.begun, []);
    await rig.clock.advance(1_000);
    await rig.saved(1);
  });

  it('of the snapshotter has it begin again after a wait, with what the store holds, and requests are refused meanwhile', async () => {
    await using rig = await leadingSidecar();
    rig.cluster.commit(put('a', 59));
    rig.cluster.breakWatchOnce(new Error('a fault'));
    await rig.until(() => rig.log.count(/^The snapshotter has ended: a fault/) === 1, 'its end');
    assert.equal(rig.life.healthy, true);
    await assert.rejects(takerOf(rig.life).takeDelta(), code('snapshotter_ended'));
    const watches = rig.cluster.watchedFrom.length;
    await rig.clock.untilSleeping(2_000);
    await rig.clock.advance(2_000);
    await rig.until(() => rig.cluster.watchedFrom.length > watches, 'the next watch');
    assert.equal((await takerOf(rig.life).takeDelta())?.startRevision, rig.store.saved.length === 2 ? 59 : 60);
  });
});

it('a lead that is lost in a wait after a failure ends what was told of an outage', async () => {
  const age = new OutageAge(() => 0);
  let ends = 0;
  let isAway = false;
  const store = new MemoryStore();
  const list = store.list.bind(store);
  store.list = () => (isAway ? Promise.reject(store.failure('denied')) : list());
  await using rig = await leadingSidecar({
    store,
    listeners: [
      (event) => {
        age.take(event);
        ends += event.type === 'ended' && event.outcome === 'failed' ? 1 : 0;
      },
    ],
  });
  age.take({ type: 'outage goes on', seconds: 600 });
  isAway = true;
  store.fail('denied');
  rig.cluster.commit(put('a', 59));
  rig.cluster.breakWatchOnce(new Error('a fault'));
  await rig.until(() => ends === 1, 'its end');
  await rig.clock.untilSleeping(2_000);
  await rig.clock.advance(2_000);
  await rig.until(() => ends === 2, 'the end of the next one');
  await rig.clock.untilSleeping(4_000);
  assert.equal(age.seconds, 600);
  rig.member.become('follower');
  await rig.clock.advance(3_000);
  await rig.until(() => age.seconds === 0, 'the end of the outage');
  assert.equal(ends, 2);
});

it('a store that was away for long is used soon after its return', async () => {
  const bucket = memoryBucket();
  let isAway = true;
  const failing = (): StoreError =>
    new StoreError('gone', { action: 'list', object: 'the store', found: 'the test says so' });
  const seldomThere: Bucket = {
    ...bucket,
    list: (prefix, options) => {
      if (isAway) {
        throw failing();
      }
      return bucket.list(prefix, options);
    },
  };
  await using rig = startSidecar({
    openStore: async () => {
      const upload = { parallel: 2, minChunkSize: 65_536, clock: rig.clock, log: rig.log };
      return new BackupStore({ bucket: seldomThere, prefix: 'etcd', upload, log: rig.log });
    },
    prepare: (_cluster, _store, member) => member.become('leader'),
  });
  const waits = async (seconds: number): Promise<void> => {
    const begun = new RegExp(`^Taking snapshots again in ${seconds} s`);
    await rig.until(() => rig.log.count(begun) === 1, `a wait of ${seconds} s`);
  };
  for (const seconds of [2, 4, 8, 16, 32, 64]) {
    await waits(seconds);
    await rig.clock.advance(seconds * 1_000);
  }
  await waits(128);
  await rig.clock.untilSleeping(15_000);
  assert.equal(bucket.objects.size, 0);
  isAway = false;
  await rig.clock.advance(15_000);
  await rig.until(() => bucket.objects.size === 1, 'a full');
});

it('a full that is due and fails again and again is tried later each time, also where deltas are stored in between', async () => {
  const store = new MemoryStore();
  const createdOn = startSeconds - 90_000;
  const [startRevision, lastRevision] = [revision(0), revision(50)];
  store.place(
    newSnapshot({ kind: 'Full', startRevision, lastRevision, createdOn, compression: 'gzip', isFinal: false }),
  );
  await storeDelta(store, history(51, 58), createdOn + 60);
  store.saved.length = 0;
  await using rig = startSidecar({
    store,
    prepare: (cluster, _store, member) => {
      member.become('leader');
      cluster.commit(put('a', 59));
      cluster.sendInstead(Buffer.alloc(8_192));
    },
  });
  for (const [at, seconds] of [2, 4, 8, 16].entries()) {
    await rig.until(
      () => rig.log.count(new RegExp(`^Taking snapshots again in ${seconds} s`)) === 1,
      `a wait of ${seconds} s`,
    );
    assert.equal(store.saved.at(-1)?.slice(0, 13), `Incr-000000${59 + at}`);
    rig.cluster.commit(put('a', 60 + at));
    await rig.clock.advance(seconds * 1_000);
  }
  rig.cluster.sendInstead(undefined);
});

it('a full that was asked for and fails has no part in how long a snapshotter waits that works otherwise', async () => {
  await using rig = await leadingSidecar();
  rig.cluster.sendInstead(Buffer.alloc(8_192));
  await assert.rejects(takerOf(rig.life).takeFull({ final: false }), code('snapshot_corrupt'));
  rig.cluster.sendInstead(undefined);
  for (const _ of ['the first time', 'after a minute that went well']) {
    await rig.clock.advance(60_000);
    const watches = rig.cluster.watchedFrom.length;
    rig.cluster.breakWatchOnce(new Error('a fault'));
    await rig.clock.untilSleeping(2_000);
    await rig.clock.advance(2_000);
    await rig.until(() => rig.cluster.watchedFrom.length > watches, 'the next watch');
  }
});

it('a snapshotter that fails again and again right after it has begun is begun later each time', async () => {
  await using rig = await leadingSidecar();
  const began: number[] = [];
  for (const waitMs of [2_000, 4_000, 8_000, 16_000]) {
    rig.cluster.breakWatchOnce(new Error('a fault'));
    await rig.clock.untilSleeping(waitMs);
    const watches = rig.cluster.watchedFrom.length;
    await rig.clock.advance(waitMs);
    await rig.until(() => rig.cluster.watchedFrom.length > watches, 'the next watch');
    began.push(waitMs);
  }
  assert.equal(began.length, 4);
  // A minute that goes well is the proof.
  await rig.clock.advance(60_000);
  rig.cluster.breakWatchOnce(new Error('a fault'));
  await rig.clock.untilSleeping(2_000);
});

describe('requests', () => {
  it('are served one after the other, and equal ones that wait share one snapshot', async () => {
    await using rig = await leadingSidecar();
    const taker = takerOf(rig.life);
    rig.store.hold();
    const first = taker.takeFull({ final: false });
    await rig.until(() => rig.store.begun.length === 2, 'the first full');
    const waiting = [1, 2, 3].map(() => taker.takeFull({ final: false }));
    const final = taker.takeFull({ final: true });
    await rig.clock.advance(1_000);
    assert.equal(rig.store.begun.length, 2);
    rig.store.release();
    const names = (await Promise.all([first, ...waiting, final])).map(({ name }) => name);
    assert.equal(new Set(names).size, 3);
    assert.equal(new Set(names.slice(1, 4)).size, 1);
    assert.equal(rig.store.saved.length, 4);
    assert.match(names[4] ?? '', /final/);
  });

  it('that wait are refused when the lead is lost', async () => {
    await using rig = await leadingSidecar();
    const taker = takerOf(rig.life);
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(10);
    rig.store.hold();
    const asked = [taker.takeFull({ final: false }), taker.takeFull({ final: true }), taker.takeDelta()];
    const refused = Promise.all(asked.map((each) => assert.rejects(each, code('snapshotter_ended', 'lead_lost'))));
    await rig.until(() => rig.store.begun.length >= 3, 'the full and the delta');
    rig.member.is = 'follower';
    await rig.nextLook();
    await refused;
  });

  it('tell the newest full and its deltas, from the store itself', async () => {
    await using rig = await leadingSidecar();
    const taker = takerOf(rig.life);
    const { signal } = new AbortController();
    assert.deepEqual((await taker.latest({ signal })).deltas, []);
    rig.cluster.commit(put('a', 59));
    const delta = await taker.takeDelta();
    assert.equal(delta?.lastRevision, 59);
    assert.equal(await taker.takeDelta(), undefined);
    const { full, deltas } = await taker.latest({ signal });
    assert.deepEqual([full?.name, ...deltas.map(({ name }) => name)], rig.store.saved);
  });
});

describe('an initialization', () => {
  const status = ({ initialization }: SidecarLife): string => {
    const { word, sent } = initialization.read();
    sent();
    return word;
  };

  it('makes a leader unwell until a look after its end, though etcd was down for less than one period', async () => {
    await using rig = await leadingSidecar();
    rig.life.initialization.start('full');
    assert.deepEqual([status(rig.life), rig.life.healthy], ['Progress', false]);
    await rig.life.initialization.ended();
    assert.deepEqual([status(rig.life), rig.life.healthy], ['Successful', false]);
    await rig.nextLook();
    assert.equal(rig.life.healthy, true);
  });

  it('goes on while etcd is away, and is ended by the stop', async () => {
    await using rig = startSidecar({ parts: { snapshots: undefined } });
    rig.life.initialization.start('sanity');
    await rig.life.initialization.ended();
    assert.deepEqual([status(rig.life), status(rig.life)], ['Successful', 'New']);
  });
});
