import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { createPrometheusMetrics } from '../../../../src/metrics/prometheus-metrics.ts';
import { Snapshotter, type SnapshotterRequest } from '../../../../src/operations/snapshot/snapshotter.ts';
import { revision } from '../../../../src/revision.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import { silentProgress } from '../../../../src/runtime/terminal/progress.ts';
import { newestChain } from '../../../../src/snapshot/chain.ts';
import { newSnapshot } from '../../../../src/snapshot/name.ts';
import { FakeClock } from '../../../support/clock/fake-clock.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';
import { noCollection } from '../../../support/etcd/running-snapshotter.ts';
import { databaseEndingAt, goldenRevision, ScriptedCluster } from '../../../support/etcd/scripted-cluster.ts';
import { history, labels, put } from '../../../support/fixtures/delta-events.ts';
import { MemoryStore } from '../../../support/stores/memory-store.ts';

const periodMs = 20_000;
const first = goldenRevision + 1;

interface Rig extends AsyncDisposable {
  readonly snapshotter: Snapshotter;
  readonly cluster: ScriptedCluster;
  readonly store: MemoryStore;
  readonly clock: FakeClock;
  readonly log: RecordedLog;
  readonly ended: Promise<void>;
  /** Aborts and waits for the end. */
  stop(): Promise<void>;
  abort(): void;
  tempFiles(): string[];
  /** Resolves when `count` objects have become visible. */
  saved(count: number): Promise<readonly string[]>;
  logged(pattern: RegExp, times?: number): Promise<void>;
}

/** A snapshotter at work: by default started at 08:00:00, with a full at every hour and a delta every 20 s. */
function start(
  overrides: Partial<SnapshotterRequest> = {},
  prepare: (cluster: ScriptedCluster, store: MemoryStore) => void = () => {},
): Rig {
  const cluster = new ScriptedCluster();
  const store = new MemoryStore();
  prepare(cluster, store);
  const clock = new FakeClock();
  const log = new RecordedLog();
  const tempDir = makeTempDir();
  const controller = new AbortController();
  const request: SnapshotterRequest = {
    cluster,
    store,
    compression: 'gzip',
    tempDir: tempDir.path,
    schedule: '0 * * * *',
    deltaPeriodMs: periodMs,
    deltaMemoryLimit: 10 * 1024 * 1024,
    deltaSpoolLimit: 64 * 1024 * 1024,
    maxStoreOutageMs: 600_000,
    start: 'full',
    collection: noCollection,
    defragmentationSchedule: undefined,
    ...overrides,
  };
  const snapshotter = new Snapshotter(request, { signal: controller.signal, clock, log, progress: silentProgress });
  const ended = snapshotter.run();
  ended.catch(() => {});
  const abort = (): void => controller.abort(new Error('told to stop'));
  const stop = async (): Promise<void> => {
    abort();
    await ended;
  };
  return {
    snapshotter,
    cluster,
    store,
    clock,
    log,
    ended,
    stop,
    abort,
    tempFiles: () => readdirSync(tempDir.path),
    saved: (count) =>
      eventually(() => (store.saved.length >= count ? store.saved : undefined), {
        intervalMs: 2,
        describe: () => `saved only ${store.saved.join(', ')}\n${log.texts.join('\n')}`,
      }),
    logged: async (pattern, times = 1) => {
      await eventually(() => (log.count(pattern) >= times ? true : undefined), {
        intervalMs: 2,
        describe: () => `no ${times} times ${pattern} in\n${log.texts.join('\n')}`,
      });
    },
    [Symbol.asyncDispose]: async () => {
      abort();
      await ended.catch(() => {});
      snapshotter[Symbol.dispose]();
      tempDir[Symbol.dispose]();
    },
  };
}

/** A snapshotter whose first full is in the store and whose watch has begun. */
async function watching(overrides: Partial<SnapshotterRequest> = {}): Promise<Rig> {
  const rig = start(overrides);
  await rig.saved(1);
  await rig.cluster.watchingFrom(first);
  await rig.clock.untilSleeping(overrides.deltaPeriodMs ?? periodMs);
  return rig;
}

const seconds = Date.parse('2026-11-21T08:00:00Z') / 1000;

describe('the first full', () => {
  test('upstream 1044: is taken at once, named by the true last revision, and leaves no temporary file', async () => {
    await using rig = await watching();
    assert.deepEqual(rig.store.saved, [`Full-00000000-00000058-${seconds}.gz`]);
    assert.deepEqual(rig.tempFiles(), []);
    assert.equal(rig.log.count(/^Successfully saved full snapshot at: v2\/Full-00000000-00000058-\d+\.gz$/), 1);
  });

  const damaged: readonly [string, Buffer][] = [
    ['whose hash does not fit', flip(databaseEndingAt(60), 9000)],
    ['without hash', databaseEndingAt(60).subarray(0, -32)],
    ['with a damaged page behind a fitting hash', rehashed(flip(databaseEndingAt(60), 4096 * 3 + 8))],
  ];
  for (const [what, stream] of damaged) {
    test(`upstream 749, 778: ${what} is refused: nothing becomes visible, nothing left behind`, async () => {
      await using rig = start({}, (cluster) => cluster.sendInstead(stream));
      await assert.rejects(rig.ended, (error) => error instanceof Failure && error.code === 'snapshot_corrupt');
      assert.deepEqual(rig.store.saved, []);
      assert.deepEqual(rig.tempFiles(), []);
    });
  }

  test('whose stream breaks off is read again, from whoever answers then', async () => {
    await using rig = start({}, (cluster) => {
      cluster.breakOffs = 2;
    });
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(1_000);
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(1_000);
    await rig.cluster.watchingFrom(first);
    assert.equal(rig.store.saved.length, 1);
    assert.equal(rig.cluster.snapshots, 3);
    assert.deepEqual(rig.tempFiles(), []);
  });

  test('whose stream breaks off each time fails with what broke it', async () => {
    await using rig = start({}, (cluster) => {
      cluster.breakOffs = 3;
    });
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(1_000);
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(1_000);
    await assert.rejects(rig.ended, /the stream broke off after 4096 bytes/);
    assert.deepEqual(rig.tempFiles(), []);
  });

  test('that is interrupted is abandoned and its temporary file removed', async () => {
    await using rig = start({}, (cluster) => cluster.holdSnapshots());
    await eventually(() => (rig.tempFiles().length === 2 ? true : undefined));
    for (const name of rig.tempFiles()) {
      assert.match(name, /^etcdbrctl-(snapshot|compressed)-\d+-[0-9a-f]+\.tmp$/);
    }
    await rig.stop();
    assert.deepEqual(rig.store.begun, []);
    assert.deepEqual(rig.tempFiles(), []);
    assert.equal(rig.log.count(/^Abandoned the full snapshot/), 1);
  });
});

describe('deltas', () => {
  test('are written when the period is over and hold exactly what was committed', async () => {
    await using rig = await watching();
    rig.cluster.commit(put('a', 59), put('b', 59));
    rig.cluster.commit(put('a', 60, { version: 2, lease: 2n ** 62n }));
    await rig.clock.advance(periodMs);
    const [, delta] = await rig.saved(2);
    assert.equal(delta, `Incr-00000059-00000060-${seconds + 20}.gz`);
    assert.deepEqual(await rig.store.events(delta ?? ''), [
      put('a', 59),
      put('b', 59),
      put('a', 60, { version: 2, lease: 2n ** 62n }),
    ]);
  });

  test('are not written for an empty period', async () => {
    await using rig = await watching();
    await rig.clock.advance(periodMs);
    await rig.logged(/^No events received to save snapshot. Skipping delta snapshot.$/);
    assert.equal(rig.store.saved.length, 1);
  });

  test('follow each other without a hole', async () => {
    await using rig = await watching();
    for (let round = 0; round < 4; round++) {
      rig.cluster.commit(...history(first + round * 5, first + round * 5 + 4));
      await rig.clock.untilSleeping(periodMs);
      await rig.clock.advance(periodMs);
      await rig.saved(2 + round);
    }
    assert.deepEqual(
      rig.store.saved.slice(1).map((name) => name.slice(0, 22)),
      ['Incr-00000059-00000063', 'Incr-00000064-00000068', 'Incr-00000069-00000073', 'Incr-00000074-00000078'],
    );
  });

  test('are written early at the memory limit, cut only between transactions', async () => {
    await using rig = await watching({ deltaMemoryLimit: 1000 });
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
    await using rig = await watching({ deltaMemoryLimit: 1000 });
    rig.cluster.commit(put('large', 59, { value: Buffer.alloc(100_000, 7) }));
    const [, delta] = await rig.saved(2);
    assert.deepEqual(await rig.store.events(delta ?? ''), [put('large', 59, { value: Buffer.alloc(100_000, 7) })]);
  });

  test('upstream 152: are saved one after the other, while events are gathered up to the limit and no further', async () => {
    await using rig = await watching({ deltaMemoryLimit: 1000 });
    const big = (at: number) => put('k', at, { value: Buffer.alloc(800) });
    rig.store.hold();
    for (let at = 59; at <= 64; at++) {
      rig.cluster.commit(big(at));
    }
    await eventually(() => (rig.store.begun.length === 2 ? true : undefined));
    await rig.clock.advance(periodMs * 3);
    assert.equal(rig.store.begun.length, 2, 'the second delta waits for the first');
    rig.store.release();
    await rig.saved(7);
    assert.deepEqual(
      rig.store.saved.slice(1).map((name) => name.slice(0, 22)),
      [59, 60, 61, 62, 63, 64].map((at) => `Incr-000000${at}-000000${at}`),
    );
  });

  test('are not taken at all with a period below a second', async () => {
    await using rig = start({ deltaPeriodMs: 999 });
    await rig.saved(1);
    await rig.logged(/^Will take next full snapshot/);
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(periodMs);
    assert.deepEqual(rig.cluster.watchedFrom, []);
    assert.equal(rig.store.saved.length, 1);
    await rig.clock.advance(3_600_000);
    assert.match((await rig.saved(2))[1] ?? '', /^Full-00000000-00000059-/);
  });

  test('upstream 706: that the store refuses are tried again, in order, until it works', async () => {
    await using rig = await watching();
    rig.store.fail('denied');
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(periodMs);
    await rig.logged(/^Trying to save a delta snapshot again in 1 s/);
    rig.cluster.commit(put('b', 60));
    await rig.clock.advance(1_000);
    await rig.logged(/^Trying to save a delta snapshot again in 2 s/);
    await rig.clock.advance(60_000);
    assert.equal(rig.store.saved.length, 1);
    rig.store.fail(undefined);
    await rig.clock.advance(30_000);
    await rig.saved(2);
    await eventually(async () => {
      await rig.clock.advance(periodMs);
      return rig.store.saved.length === 3 ? true : undefined;
    });
    assert.equal(rig.store.saved[1], `Incr-00000059-00000059-${seconds + 20}.gz`);
    assert.match(rig.store.saved[2] ?? '', /^Incr-00000060-00000060-/);
    assert.equal(rig.log.count(/^The store works again after \d+ s$/), 1);
  });

  test('that the store refuses for longer than it may end the snapshotter', async () => {
    await using rig = await watching({ maxStoreOutageMs: 60_000 });
    rig.store.fail('transient');
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(periodMs);
    await rig.logged(/^Trying to save a delta snapshot again in 1 s/);
    await rig.clock.advance(1_000);
    await rig.logged(/^Trying to save a delta snapshot again in 2 s/);
    await rig.clock.advance(60_000);
    await assert.rejects(rig.ended, (error) => error instanceof Failure && error.code === 'store_outage');
    assert.equal(rig.store.saved.length, 1);
    assert.deepEqual(rig.tempFiles(), []);
  });

  test('wait in files while the store is slow, and arrive in order', async () => {
    await using rig = await watching({ deltaMemoryLimit: 1000 });
    rig.store.hold();
    for (let at = 59; at <= 90; at++) {
      rig.cluster.commit(put('k', at, { value: Buffer.alloc(800) }));
    }
    await eventually(() => (rig.tempFiles().length >= 28 ? true : undefined));
    assert.equal(rig.store.begun.length, 2);
    rig.store.release();
    await rig.saved(33);
    assert.deepEqual(
      rig.store.saved.slice(1).map((name) => name.slice(0, 22)),
      Array.from({ length: 32 }, (_, at) => `Incr-000000${at + 59}-000000${at + 59}`),
    );
    assert.deepEqual(labels(await rig.store.events(rig.store.saved[20] ?? '')), ['k@78']);
    await eventually(() => (rig.tempFiles().length === 0 ? true : undefined));
  });

  test('that wait behind a full go on right where it ends, while what it covers is thrown away', async () => {
    await using rig = await watching({ deltaMemoryLimit: 1000 });
    await rig.clock.advance(3_600_000 - 1_000);
    rig.store.hold();
    const value = Buffer.alloc(1_200);
    for (let at = 59; at <= 70; at++) {
      rig.cluster.commit(put('k', at, { value }));
    }
    await eventually(() => (rig.tempFiles().length >= 8 ? true : undefined));
    await rig.clock.advance(1_000);
    await eventually(() =>
      rig.store.begun.some((name) => name.startsWith('Full-00000000-00000070')) ? true : undefined,
    );
    for (let at = 71; at <= 74; at++) {
      rig.cluster.commit(put('k', at, { value }));
    }
    await eventually(() => (rig.tempFiles().length >= 14 ? true : undefined));
    rig.store.release();
    await Promise.race([rig.ended, rig.saved(7)]);
    assert.deepEqual(
      rig.store.saved.slice(-4).map((name) => name.slice(0, 22)),
      Array.from({ length: 4 }, (_, at) => `Incr-000000${at + 71}-000000${at + 71}`),
    );
  });

  test('give way to a full when no more may wait', async () => {
    await using rig = await watching({ deltaMemoryLimit: 1000, deltaSpoolLimit: 5000 });
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

describe('TTLs of leases', () => {
  const leased = (key: string, at: number, lease: bigint) => put(key, at, { lease });
  const asked = (rig: Rig, count: number): Promise<true> =>
    eventually(() => (rig.cluster.leasesAsked.length >= count ? true : undefined));
  /** The newest delta, once there are `count` objects. */
  const nextDelta = async (rig: Rig, count: number): Promise<string> => {
    await rig.clock.untilSleeping(periodMs);
    await rig.clock.advance(periodMs);
    return (await rig.saved(count)).at(-1) ?? '';
  };

  test('are asked for once for each lease and stand in every delta that names it', async () => {
    await using rig = await watching();
    rig.cluster.leaseTtls.set(7n, () => Promise.resolve(70)).set(-8n, () => Promise.resolve(80));
    rig.cluster.commit(
      leased('a', 59, 7n),
      leased('b', 59, -8n),
      leased('c', 59, 7n),
      put('d', 59),
      leased('e', 59, 9n),
    );
    await asked(rig, 3);
    assert.deepEqual(
      await rig.store.leaseTtls(await nextDelta(rig, 2)),
      new Map([
        [7n, 70],
        [-8n, 80],
      ]),
    );
    rig.cluster.commit(leased('a', 60, 7n), leased('e', 60, 9n));
    assert.deepEqual(await rig.store.leaseTtls(await nextDelta(rig, 3)), new Map([[7n, 70]]));
    assert.deepEqual(rig.cluster.leasesAsked, [7n, -8n, 9n]);
  });

  test('that come late stand in the next delta; no delta waits for them', async () => {
    await using rig = await watching();
    const answer = Promise.withResolvers<number>();
    rig.cluster.leaseTtls.set(7n, () => answer.promise);
    rig.cluster.commit(leased('a', 59, 7n));
    await asked(rig, 1);
    const early = await nextDelta(rig, 2);
    assert.deepEqual(labels(await rig.store.events(early)), ['a@59']);
    assert.deepEqual(await rig.store.leaseTtls(early), new Map());
    answer.resolve(70);
    rig.cluster.commit(put('b', 60));
    assert.deepEqual(await rig.store.leaseTtls(await nextDelta(rig, 3)), new Map([[7n, 70]]));
  });

  test('that etcd cannot tell now are asked for again, and no event is lost meanwhile', async () => {
    await using rig = await watching();
    rig.cluster.leaseTtls.set(7n, () => Promise.reject(new Error('no leader')));
    rig.cluster.commit(leased('a', 59, 7n));
    await rig.logged(/^Some deltas may not tell the TTL of leases.*no leader/);
    await rig.clock.untilSleeping(1_000);
    rig.cluster.leaseTtls.set(7n, () => Promise.resolve(70));
    await rig.clock.advance(1_000);
    await asked(rig, 2);
    await rig.clock.advance(periodMs);
    const [, delta = ''] = await rig.saved(2);
    assert.deepEqual(labels(await rig.store.events(delta)), ['a@59']);
    assert.deepEqual(await rig.store.leaseTtls(delta), new Map([[7n, 70]]));
  });

  test('are asked for again after a full', async () => {
    await using rig = await watching();
    rig.cluster.leaseTtls.set(7n, () => Promise.resolve(70));
    rig.cluster.commit(leased('a', 59, 7n));
    await asked(rig, 1);
    await rig.snapshotter.takeFull({ final: false });
    rig.cluster.leaseTtls.set(7n, () => Promise.resolve(71));
    rig.cluster.commit(leased('a', 60, 7n));
    await asked(rig, 2);
    const delta = await nextDelta(rig, rig.store.saved.length + 1);
    assert.equal((await rig.store.leaseTtls(delta)).get(7n), 71);
  });
});

describe('the first full of all', () => {
  test('is not tried again when the store refuses for good', async () => {
    await using rig = start({}, (_cluster, store) => store.fail('denied'));
    await assert.rejects(rig.ended, (error) => error instanceof Failure && error.code === 'store_denied');
  });

  test('is tried again when the store is out of order for a moment', async () => {
    await using rig = start({}, (_cluster, store) => store.fail('transient'));
    await rig.logged(/^Trying to save a full snapshot again in 1 s/);
    rig.store.fail(undefined);
    await rig.clock.advance(1_000);
    await rig.saved(1);
    assert.equal(rig.cluster.snapshots, 1, 'the database is not read again');
  });
});

describe('out of schedule', () => {
  test('a delta holds everything etcd accepted before, and is nothing when there is nothing', async () => {
    await using rig = await watching();
    rig.cluster.commit(put('a', 59), put('b', 60));
    const delta = await rig.snapshotter.takeDelta();
    assert.deepEqual([delta?.startRevision, delta?.lastRevision], [59, 60]);
    assert.equal(await rig.snapshotter.takeDelta(), undefined);
  });

  test('a delta is refused when deltas are turned off', async () => {
    await using rig = start({ deltaPeriodMs: 0 });
    await rig.saved(1);
    await assert.rejects(
      rig.snapshotter.takeDelta(),
      (error) => error instanceof Failure && error.code === 'deltas_disabled',
    );
  });

  test('a full is taken at once, and waits for one that is being taken', async () => {
    await using rig = await watching();
    rig.store.hold('Full');
    const first = rig.snapshotter.takeFull({ final: false });
    const second = rig.snapshotter.takeFull({ final: false });
    await eventually(() => (rig.store.begun.length === 2 ? true : undefined));
    assert.equal(rig.cluster.snapshots, 2);
    rig.store.release();
    await Promise.all([first, second]);
    assert.equal(rig.cluster.snapshots, 3);
    assert.equal(rig.snapshotter.latestFull?.lastRevision, 58);
  });

  test('a final full is named so, and not taken again while nothing changes', async () => {
    await using rig = await watching();
    const final = await rig.snapshotter.takeFull({ final: true });
    assert.match(final.name, /^Full-00000000-00000058-\d+\.gz\.final$/);
    assert.equal((await rig.snapshotter.takeFull({ final: true })).name, final.name);
    rig.cluster.commit(put('a', 59));
    assert.match((await rig.snapshotter.takeFull({ final: true })).name, /^Full-00000000-00000059-/);
  });
});

describe('begun as needed', () => {
  const stored = (kind: 'Full' | 'Incr', from: number, to: number, isFinal = false) =>
    newSnapshot({
      kind,
      startRevision: revision(from),
      lastRevision: revision(to),
      createdOn: seconds - 600 + to,
      compression: 'gzip',
      isFinal,
    });

  test('goes on with deltas behind a recent backup', async () => {
    await using rig = start({ start: 'as needed' }, (cluster, store) => {
      store.place(stored('Full', 0, 50), stored('Incr', 51, 58));
      cluster.commit(put('a', 59));
    });
    await rig.cluster.watchingFrom(59);
    await rig.clock.untilSleeping(periodMs);
    await rig.clock.advance(periodMs);
    assert.deepEqual(await rig.saved(1), [`Incr-00000059-00000059-${seconds + 20}.gz`]);
    assert.equal(rig.cluster.snapshots, 0);
  });

  for (const [what, snapshots] of [
    ['there is no backup', []],
    ['the backup is final', [stored('Full', 0, 58, true)]],
    ['the backup has a hole', [stored('Full', 0, 50), stored('Incr', 53, 58)]],
    ['the backup is ahead of etcd', [stored('Full', 0, 70)]],
  ] as const) {
    test(`takes a full when ${what}`, async () => {
      await using rig = start({ start: 'as needed' }, (_cluster, store) => store.place(...snapshots));
      const [full] = await rig.saved(1);
      assert.match(full ?? '', /^Full-00000000-00000058-/);
    });
  }
});

test('a corrupt cluster does not get to overwrite good backups, one without space does', async () => {
  await using rig = await watching();
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

test('a member that is a learner is told of with each full', async () => {
  await using rig = await watching();
  assert.equal(rig.log.count(/is a learner/), 0);
  rig.cluster.isLearner = true;
  await rig.snapshotter.takeFull({ final: false });
  assert.equal(rig.log.count(/^Member .* is a learner/), 1);
});

test('deltas of another writer are noticed once each', async () => {
  await using rig = await watching();
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
      createdOn: seconds + 1,
      compression: 'gzip',
      isFinal: false,
    }),
  );
  await rig.clock.advance(180_000);
  await rig.logged(/^ANOTHER SNAPSHOTTER writes to the same place: Incr-00000059-00000059-/);
  assert.equal(rig.log.count(/ANOTHER SNAPSHOTTER/), 1);
});

test('metrics tell what is in the store and what is still to come', async () => {
  const metrics = createPrometheusMetrics({ now: () => seconds * 1_000 });
  await using rig = await watching({ metrics });
  const value = async (name: string): Promise<string | undefined> =>
    (await metrics.text())
      .split('\n')
      .find((line) => line.startsWith(`etcdbr_${name} `))
      ?.split(' ')[1];
  assert.equal(await value('snapshot_latest_revision{kind="Full"}'), '58');
  assert.equal(await value('snapshot_duration_seconds_count{kind="Full",succeeded="true"}'), '1');
  rig.cluster.commit(put('a', 59), put('b', 60));
  await eventually(async () => ((await value('snapshot_required{kind="Incr"}')) === '1' ? true : undefined));
  await rig.clock.advance(periodMs);
  await rig.saved(2);
  await eventually(async () => ((await value('snapshot_latest_revision{kind="Incr"}')) === '60' ? true : undefined));
  assert.equal(await value('snapshot_required{kind="Incr"}'), '0');
  assert.equal(await value('snapshot_required{kind="Full"}'), '1');
  assert.equal(await value('snapstore_latest_deltas_revisions_total'), '2');
  rig.store.fail('transient');
  rig.cluster.commit(put('c', 61));
  await rig.clock.untilSleeping(periodMs);
  await rig.clock.advance(periodMs);
  await rig.logged(/^Trying to save a delta snapshot again in 1 s/);
  await rig.clock.advance(1_000);
  await rig.logged(/^Trying to save a delta snapshot again in 2 s/);
  assert.equal(await value('store_outage_seconds'), '1');
  rig.store.fail(undefined);
  await rig.clock.advance(2_000);
  await rig.saved(3);
  await eventually(async () => ((await value('store_outage_seconds')) === '0' ? true : undefined));
});

test('defragmentation comes by its schedule, and a full after it', async () => {
  await using rig = await watching({ defragmentationSchedule: '30 * * * *' });
  rig.cluster.commit(put('a', 59));
  await rig.clock.advance(30 * 60_000);
  await rig.logged(/^Successfully saved full snapshot/, 2);
  assert.deepEqual(rig.cluster.defragmented, ['http://scripted:2379']);
  assert.ok(rig.store.saved.some((name) => name.startsWith('Full-00000000-00000059-')));
});

describe('scheduled fulls', () => {
  test('come at the scheduled time, the watch goes on, and the next delta begins right behind', async () => {
    await using rig = await watching({ deltaPeriodMs: 7_000_000 });
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(3_600_000);
    await rig.saved(2);
    rig.cluster.commit(put('b', 60));
    await rig.clock.advance(3_400_000);
    await rig.saved(3);
    assert.deepEqual(rig.store.saved.slice(1), [
      `Full-00000000-00000059-${seconds + 3600}.gz`,
      `Incr-00000060-00000060-${seconds + 7000}.gz`,
    ]);
    assert.deepEqual(rig.cluster.watchedFrom, [first]);
  });

  test('are skipped while nothing has changed', async () => {
    await using rig = await watching();
    await rig.clock.advance(3_600_000);
    await rig.logged(/^There are no updates since last snapshot, skipping full snapshot.$/);
    assert.equal(rig.cluster.snapshots, 1);
  });

  test('are not skipped when a user, lease or member changed', async () => {
    await using rig = await watching();
    rig.cluster.changeOther();
    await rig.clock.advance(3_600_000);
    assert.match((await rig.saved(2))[1] ?? '', /^Full-00000000-00000058-/);
  });

  test('cut the deltas at their revision, also when more was committed while they were read', async () => {
    await using rig = await watching({ deltaPeriodMs: 7_000_000 });
    rig.cluster.commit(put('a', 59));
    rig.cluster.holdSnapshots();
    await rig.clock.advance(3_600_000);
    await eventually(() => (rig.cluster.snapshots === 2 ? true : undefined));
    rig.cluster.commit(put('b', 60), put('c', 61));
    await rig.clock.advance(10_000);
    rig.cluster.goOn();
    await rig.saved(2);
    await rig.clock.advance(3_400_000);
    await rig.saved(3);
    assert.deepEqual(
      rig.store.saved.map((name) => name.slice(0, 22)),
      ['Full-00000000-00000058', 'Full-00000000-00000059', 'Incr-00000060-00000061'],
    );
  });

  test('that deltas overtake while they are read are stored, since these fit to them', async () => {
    await using rig = await watching({ deltaMemoryLimit: 2_000 });
    rig.cluster.commit(put('a', 59));
    rig.cluster.holdSnapshots();
    await rig.clock.advance(3_600_000);
    await eventually(() => (rig.cluster.snapshots === 2 ? true : undefined));
    for (const at of [60, 61, 62, 63]) {
      rig.cluster.commit(put('k', at, { value: Buffer.alloc(3_000) }));
    }
    await rig.saved(3);
    rig.cluster.goOn();
    await eventually(() => rig.store.saved.find((name) => name.startsWith('Full-00000000-00000059-')));
    await eventually(async () => {
      const chain = newestChain((await rig.store.list()).snapshots);
      assert.equal(chain.outcome, 'chain');
      return chain.outcome === 'chain' && chain.lastRevision === 63 ? true : undefined;
    });
    const chain = newestChain((await rig.store.list()).snapshots);
    assert.match(chain.outcome === 'chain' ? chain.base.name : '', /^Full-00000000-00000059-/);
    assert.deepEqual(chain.outcome === 'chain' && chain.notes, []);
    assert.equal(rig.cluster.snapshots, 2, 'nothing is read twice');
  });

  test('that take long to store do not hold up deltas, which fit to the chains before and after', async () => {
    await using rig = await watching();
    await rig.clock.advance(3_600_000 - periodMs / 2);
    rig.cluster.commit(put('a', 59));
    rig.cluster.holdSnapshots();
    rig.store.hold('Full');
    await rig.clock.advance(periodMs / 2);
    await eventually(() => (rig.cluster.snapshots === 2 ? true : undefined));
    rig.cluster.commit(put('b', 60));
    rig.cluster.goOn();
    await eventually(() => (rig.store.begun.at(-1)?.startsWith('Full-00000000-00000059') ? true : undefined));
    await rig.clock.advance(periodMs);
    await rig.saved(3);
    const before = newestChain((await rig.store.list()).snapshots);
    assert.equal(before.outcome === 'chain' && before.lastRevision, 60, 'restorable while the full is on its way');
    rig.store.release();
    await rig.saved(4);
    const after = newestChain((await rig.store.list()).snapshots);
    assert.deepEqual(after.outcome === 'chain' && [after.base, ...after.deltas].map(({ name }) => name.slice(0, 22)), [
      'Full-00000000-00000059',
      'Incr-00000060-00000060',
    ]);
    assert.deepEqual(after.outcome === 'chain' && after.notes, []);
  });

  test('that fail end the snapshotter, after what was collected is written', async () => {
    await using rig = await watching({ deltaPeriodMs: 7_000_000 });
    rig.cluster.commit(put('a', 59));
    rig.cluster.sendInstead(flip(databaseEndingAt(60), 9000));
    await rig.clock.advance(3_600_000);
    await assert.rejects(rig.ended, (error) => error instanceof Failure && error.code === 'snapshot_corrupt');
    assert.match(rig.store.saved[1] ?? '', /^Incr-00000059-00000059-/);
  });

  test('wait for an etcd that has yet to catch up with the backup, while deltas go on', async () => {
    await using rig = await watching();
    rig.cluster.commit(put('a', 59), put('b', 60));
    await rig.clock.advance(periodMs);
    await rig.saved(2);
    rig.cluster.lagsAt = revision(58);
    await rig.clock.advance(3_600_000 - periodMs);
    await rig.logged(/^etcd stands at revision 58, the backup at 60: waiting for it/);
    assert.equal(rig.cluster.snapshots, 1, 'nothing is read that would be of no use');
    rig.cluster.commit(put('c', 61));
    await rig.clock.advance(periodMs);
    assert.match((await rig.saved(3))[2] ?? '', /^Incr-00000061-00000061-/);
    await rig.clock.advance(60_000);
    rig.cluster.lagsAt = undefined;
    await rig.clock.advance(1_000);
    assert.match((await rig.saved(4))[3] ?? '', /^Full-00000000-00000061-/);
  });

  test('of an etcd that does not catch up are refused after two minutes', async () => {
    await using rig = await watching();
    rig.cluster.commit(put('a', 59), put('b', 60));
    await rig.clock.advance(periodMs);
    await rig.saved(2);
    rig.cluster.lagsAt = revision(58);
    await rig.clock.advance(3_600_000 + 121_000);
    await assert.rejects(rig.ended, (error) => error instanceof Failure && error.code === 'snapshot_behind');
  });

  test('that lie behind the backup are read again, and in the end refused', async () => {
    await using rig = await watching();
    rig.cluster.commit(put('a', 59), put('b', 60));
    await rig.clock.advance(periodMs);
    await rig.saved(2);
    rig.cluster.sendInstead(databaseEndingAt(58));
    await rig.clock.advance(3_600_000);
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(1_000);
    await rig.clock.untilSleeping(1_000);
    await rig.clock.advance(1_000);
    await assert.rejects(rig.ended, (error) => error instanceof Failure && error.code === 'snapshot_behind');
  });
});

describe('garbage', () => {
  const collection = { policy: { kind: 'LimitBased', maxBackups: 1 }, deltaRetentionMs: 0, periodMs: 60_000 } as const;

  test('is collected regularly, and the newest chain stays', async () => {
    await using rig = await watching({ collection, deltaPeriodMs: 7_000_000 });
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(3_600_000);
    await rig.saved(2);
    await rig.logged(/^Will take next full snapshot/, 2);
    await rig.clock.advance(60_000);
    await rig.logged(/^GC: deleted old snapshot: v2\/Full-00000000-00000058-/);
    assert.deepEqual(
      (await rig.store.list()).snapshots.map(({ name }) => name),
      [`Full-00000000-00000059-${seconds + 3600}.gz`],
    );
  });

  test('that cannot be collected does not stop the snapshotter', async () => {
    await using rig = await watching({ collection, deltaPeriodMs: 7_000_000 });
    rig.store.failDeletes('denied');
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(3_600_000);
    await rig.saved(2);
    await rig.clock.advance(60_000);
    await rig.logged(/^GC: failed to delete v2\/Full-00000000-00000058-/);
    rig.store.failDeletes(undefined);
    await rig.clock.advance(60_000);
    await rig.logged(/^GC: deleted old snapshot/);
    rig.cluster.commit(put('b', 60));
    await rig.clock.advance(3_600_000);
    await rig.saved(3);
  });
});

test('a compacted watch leads to a full and a new watch, and what was collected before is kept', async () => {
  await using rig = await watching();
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

describe('leaving', () => {
  test('writes what was collected', async () => {
    await using rig = await watching();
    rig.cluster.commit(put('a', 59), put('b', 60));
    await rig.clock.advance(10);
    await rig.stop();
    const [, delta] = rig.store.saved;
    assert.deepEqual(labels(await rig.store.events(delta ?? '')), ['a@59', 'b@60']);
  });

  test('finishes the delta that is being stored', async () => {
    await using rig = await watching();
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
    await using rig = await watching();
    rig.store.hold();
    rig.cluster.commit(put('a', 59));
    await rig.clock.advance(10);
    rig.abort();
    await eventually(() => (rig.store.begun.length === 2 ? true : undefined));
    await rig.clock.advance(8_000);
    await rig.ended;
    assert.equal(rig.store.saved.length, 1);
    assert.equal(rig.log.count(/^Abandoned the events collected/), 1);
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
