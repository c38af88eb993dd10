import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { etcdLines, etcdRelease } from '../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { freePort } from '../../../scripts/lab/free-port.ts';
import { ClusterHistory } from '../../../src/etcd/cluster-history.ts';
import { CompactedFailure, EtcdFailure, HistoryChangedFailure } from '../../../src/etcd/etcd-failure.ts';
import { nextRevision, revision } from '../../../src/revision.ts';
import type { DeltaEvent, PutEvent } from '../../../src/snapshot/delta-event.ts';
import { sampleOf } from '../../../src/snapshot/history/event-sample.ts';
import { proofOf } from '../../../src/snapshot/history/revision-proof.ts';
import { type Connected, connected, startWatch } from '../../support/etcd/connected.ts';
import { type FakeWatchResponse, startFakeEtcd } from '../../support/etcd/fake-etcd.ts';
import { etcdClient, putMany } from '../../support/etcd/put-many.ts';
import { labels } from '../../support/fixtures/delta-events.ts';

/** Asserts that `events` hold every revision from `first` to `last` and each transaction in one run. */
function assertGapless(events: readonly DeltaEvent[], first: number, last: number): void {
  const runs = events.map(({ modRevision }) => modRevision).filter((at, index, all) => at !== all[index - 1]);
  assert.deepEqual(
    runs,
    Array.from({ length: last - first + 1 }, (_, offset) => first + offset),
  );
}

/** Waits, after `cause`, until a watch of the connection has noticed that its stream is broken. */
async function afterBreak(connection: Connected, cause: () => Promise<void>): Promise<void> {
  const breaks = (): number => connection.log.count(/^Watch broke off before revision/);
  const before = breaks();
  await cause();
  await eventually(() => (breaks() > before ? true : undefined));
}

/** Waits until this process takes no more memory: what its buffers take in has arrived. */
async function memorySettled(): Promise<void> {
  let before = 0;
  await eventually(
    () => {
      const { rss } = process.memoryUsage();
      const still = Math.abs(rss - before) < 512 * 1024;
      before = rss;
      return still ? true : undefined;
    },
    { intervalMs: 100 },
  );
}

for (const line of etcdLines) {
  describe(`etcd ${line}`, () => {
    test('delivers every change exactly: versions, create revisions, leases, deletes, empty and binary values', async () => {
      await using etcd = await startEtcd({ release: await etcdRelease(line) });
      await using connection = await connected([etcd.clientUrl]);
      using client = etcdClient(etcd);
      const watch = startWatch(connection, 2);
      const binary = Buffer.from([0, 255, 10, 34]);
      const leaseId = 0x7edc_ba98_7654_3210n;
      await client.api.leaseClient.leaseGrant({ ID: String(leaseId), TTL: 1000 });
      await client.api.put('a').value(binary);
      await client.api.put('a').value('').lease(String(leaseId));
      await client.api.put(Buffer.from([0xc3, 0x28])).value('x');
      await client.api
        .if('a', 'Version', '==', 2)
        .then(client.api.put('b').value('1'), client.api.delete().key('a'))
        .commit();
      const events = await watch.reached(5);
      const created = revision(2);
      assert.deepEqual(events, [
        put({ key: Buffer.from('a'), modRevision: created, createRevision: created, version: 1, value: binary }),
        put({
          key: Buffer.from('a'),
          modRevision: revision(3),
          createRevision: created,
          version: 2,
          value: Buffer.alloc(0),
          lease: leaseId,
        }),
        put({
          key: Buffer.from([0xc3, 0x28]),
          modRevision: revision(4),
          createRevision: revision(4),
          version: 1,
          value: Buffer.from('x'),
        }),
        put({
          key: Buffer.from('b'),
          modRevision: revision(5),
          createRevision: revision(5),
          version: 1,
          value: Buffer.from('1'),
        }),
        { type: 'delete', key: Buffer.from('a'), modRevision: revision(5) },
      ]);
    });

    test('joins transactions that are larger than a message, live and from history', async () => {
      await using etcd = await startEtcd({
        release: await etcdRelease(line),
        extraArgs: ['--max-request-bytes', '65536'],
      });
      await using connection = await connected([etcd.clientUrl]);
      using client = etcdClient(etcd);
      const live = startWatch(connection, 2);
      const transactions = 5;
      for (let number = 0; number < transactions; number++) {
        const puts = Array.from({ length: 60 }, (_, index) => client.api.put(`k${index}`).value(randomBytes(900)));
        await client.api
          .if('none', 'Create', '==', 0)
          .then(...puts)
          .commit();
      }
      // A request may hold 64 KiB; deleting that many keys at once makes a change without a value for each, in one revision.
      await client.api.delete().prefix('k');
      const last = 2 + transactions;
      const events = await live.reached(last);
      assertGapless(events, 2, last);
      assert.equal(events.length, 60 * (transactions + 1));
      const history = await startWatch(connection, 2).reached(last);
      assert.deepEqual(history, events);
      for (const batch of live.batches) {
        assert.equal(batch.revision, batch.events.at(-1)?.modRevision ?? batch.revision);
      }
    });

    test('goes on at the next revision over kill -9, restart and login', async () => {
      await using etcd = await startEtcd({ release: await etcdRelease(line), rootPassword: 'secret-of-root' });
      await using connection = await connected([etcd.clientUrl], { username: 'root', password: 'secret-of-root' });
      const first = (await connection.cluster.status({ signal: connection.signal })).revision;
      const watch = startWatch(connection, nextRevision(first));
      for (let round = 1; round <= 3; round++) {
        for (let index = 0; index < 5; index++) {
          await etcd.etcdctl('put', `key-${index}`, `round ${round}`);
        }
        if (round < 3) {
          await afterBreak(connection, () => etcd.kill9());
          await etcd.restart();
        }
      }
      const events = await watch.reached(first + 15);
      assertGapless(events, first + 1, first + 15);
      assert.ok(connection.log.count(/^Watch broke off before revision/) > 0);
      assert.ok(connection.log.count(/^Watch goes on from revision/) > 0);
    });

    test('asks for some earlier writes of the history that it continues: one event may be the same by chance', async () => {
      await using etcd = await startEtcd({ release: await etcdRelease(line) });
      await putMany(etcd, { keys: 20, value: (at) => Buffer.from(`value ${at}`), atOnce: 1 });
      await using connection = await connected([etcd.clientUrl]);
      const events = await startWatch(connection, 2).reached(21);
      const early = events.find((event) => event.type === 'put' && event.modRevision === 5);
      const written = early?.type === 'put' ? early : assert.fail();
      const known = proofOf(revision(21), events.slice(-1));
      const historyWith = (event: PutEvent): ClusterHistory => {
        const history = new ClusterHistory();
        history.proved(known);
        history.sampled([sampleOf(event) ?? assert.fail()]);
        return history;
      };
      await etcd.etcdctl('put', 'more', 'x');
      await startWatch(connection, 22, historyWith(written)).reached(22);
      const changed = { ...written, value: Buffer.from('another value') };
      const isFoundOut = (error: unknown): boolean => error instanceof HistoryChangedFailure && error.differsAt === 5;
      await assert.rejects(startWatch(connection, 22, historyWith(changed)).ended, isFoundOut);
      await etcd.etcdctl('compaction', '15');
      await startWatch(connection, 22, historyWith(written)).reached(22);
      await assert.rejects(startWatch(connection, 22, historyWith(changed)).ended, isFoundOut);
    });

    test('compacted before it began: says which revision still exists', async () => {
      await using etcd = await startEtcd({ release: await etcdRelease(line) });
      await putMany(etcd, { keys: 20, value: () => Buffer.from('x'), atOnce: 1 });
      await etcd.etcdctl('compaction', '15');
      await using connection = await connected([etcd.clientUrl]);
      await assert.rejects(startWatch(connection, 10).ended, (error) => {
        assert.ok(error instanceof CompactedFailure);
        assert.equal(error.compactRevision, 15);
        return true;
      });
      const events = await startWatch(connection, 16).reached(21);
      assertGapless(events, 16, 21);
    });

    test('compacted while it was cut off: the revision is named after the connection is back', async () => {
      await using etcd = await startEtcd({ release: await etcdRelease(line) });
      await using connection = await connected([etcd.clientUrl]);
      const iterator = connection.cluster
        .watch({ from: revision(2), signal: connection.signal })
        [Symbol.asyncIterator]();
      await etcd.etcdctl('put', 'first', '1');
      const seen: number[] = [];
      while (seen.at(-1) !== 2) {
        seen.push((await iterator.next()).value?.revision ?? 0);
      }
      await etcd.kill9();
      await etcd.restart();
      await putMany(etcd, { keys: 50, value: () => Buffer.from('x'), atOnce: 1 });
      await etcd.etcdctl('compaction', '40');
      await assert.rejects(
        (async () => {
          for (let result = await iterator.next(); result.done !== true; result = await iterator.next()) {
            assert.equal(result.value.events.length, 0, 'nothing after the loss may come');
          }
        })(),
        CompactedFailure,
      );
    });
  });
}

test('three members: goes on at another member without a gap when its own is killed', async () => {
  const release = await etcdRelease('3.5');
  const peers = [await freePort(), await freePort(), await freePort()];
  const initialCluster = peers.map((port, index) => `m${index}=http://127.0.0.1:${port}`).join(',');
  await using stack = new AsyncDisposableStack();
  const members = await Promise.all(
    peers.map(async (peerPort, index) =>
      stack.use(await startEtcd({ release, name: `m${index}`, peerPort, initialCluster, readiness: 'listening' })),
    ),
  );
  await using connection = await connected(members.map(({ clientUrl }) => clientUrl));
  const [first, ...others] = members;
  assert.ok(first !== undefined && others[0] !== undefined);
  const watch = startWatch(connection, 2);
  const before = await putMany(others[0], { keys: 50, value: () => Buffer.from('before') });
  await watch.reached(before);
  await first.kill9();
  const after = await eventually(() =>
    putMany(others[0] ?? first, { keys: 50, value: () => Buffer.from('after') }).catch(() => undefined),
  );
  const events = await watch.reached(after);
  assertGapless(events, 2, after);
});

test('a reader that does not read holds the stream up, and misses nothing', async () => {
  await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
  await using connection = await connected([etcd.clientUrl]);
  const iterator = connection.cluster.watch({ from: revision(2), signal: connection.signal })[Symbol.asyncIterator]();
  const last = await putMany(etcd, { keys: 300, value: () => randomBytes(512 * 1024) });
  const before = process.memoryUsage().rss;
  await iterator.next();
  await memorySettled();
  const events: DeltaEvent[] = [];
  let largest = 0;
  for (let at = 1; at < last; ) {
    const { value } = await iterator.next();
    assert.ok(value !== undefined);
    at = value.revision;
    largest = Math.max(largest, process.memoryUsage().rss);
    for (const event of value.events) {
      events.push({
        ...event,
        key: Buffer.from(event.key),
        ...(event.type === 'put' ? { value: Buffer.alloc(0) } : {}),
      });
    }
  }
  assertGapless(events, 2, last);
  assert.ok(largest - before < 90 * 1024 * 1024, `${(largest - before) / 1024 / 1024} MiB more for 150 MiB of events`);
  await iterator.return?.();
});

test('an abort ends the watch at once, and also while it waits to try again', async () => {
  await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
  await using connection = await connected([etcd.clientUrl]);
  for (const prepare of [async () => {}, () => afterBreak(connection, () => etcd.kill9())]) {
    const controller = new AbortController();
    const watch = startWatch({ ...connection, signal: controller.signal }, 2);
    await eventually(() => (watch.batches.length > 0 ? true : undefined));
    await prepare();
    const started = performance.now();
    controller.abort(new Error('stopped'));
    await watch.ended;
    assert.ok(performance.now() - started < 20_000);
  }
});

describe('a faulty member', () => {
  const created = (at: number, cluster = '7'): FakeWatchResponse => ({
    created: true,
    header: { revision: at, cluster_id: cluster },
  });
  const change = (key: string, at: number) => ({
    kv: { key: Buffer.from(key), mod_revision: at, create_revision: at, version: 1 },
  });

  test('a revision that is left out is asked for again, and delivered when it comes then', async () => {
    const begun: number[] = [];
    await using etcd = await startFakeEtcd({
      watch: (call, from) => {
        begun.push(from);
        call.write(created(5));
        const revisions = [2, 3, 4].filter((at) => at >= from && (begun.length > 1 || at !== 3));
        for (const at of revisions) {
          call.write({ header: { revision: 5 }, events: [change('a', at)] });
        }
      },
    });
    await using connection = await connected([etcd.url]);
    const events = await startWatch(connection, 2).reached(4);
    // Revision 2 is asked for again only when it came in one packet with what follows the gap.
    assert.equal(begun.length, 2);
    assert.deepEqual(labels(events), ['a@2', 'a@3', 'a@4']);
  });

  test('what is seen of the cluster between the question and the answer contradicts nothing', async () => {
    const history = new ClusterHistory();
    let begun = 0;
    await using etcd = await startFakeEtcd({
      status: { header: { revision: '3' }, version: '3.5.0', raft_index: '7' },
      watch: (call) => {
        begun++;
        // A full is begun meanwhile, and the cluster has gone on.
        history.at({ clusterId: 0n, revision: revision(4), raftTerm: 0n, raftIndex: 8n });
        call.write(created(4));
        call.write({ header: { revision: 4 }, events: [change('a', 2), change('a', 3), change('a', 4)] });
      },
    });
    await using connection = await connected([etcd.url]);
    await startWatch(connection, 2, history).reached(4);
    assert.equal(begun, 1);
    assert.equal(connection.log.count(/^Watch broke off/), 0);
  });

  test('a revision that is left out twice ends the watch', async () => {
    await using etcd = await startFakeEtcd({
      watch: (call) => {
        call.write(created(5));
        call.write({ header: { revision: 5 }, events: [change('c', 4)] });
      },
    });
    await using connection = await connected([etcd.url]);
    await assert.rejects(
      startWatch(connection, 2).ended,
      (error) =>
        error instanceof EtcdFailure &&
        error.code === 'etcd_history_gap' &&
        /revision 4 .* 2 was due/.test(error.message),
    );
  });

  test('half a transaction before the connection is lost is not delivered twice', async () => {
    const begun: number[] = [];
    await using etcd = await startFakeEtcd({
      watch: (call, from) => {
        begun.push(from);
        call.write(created(3));
        const events = [change('a', 2), change('b', 3), change('c', 3)];
        if (begun.length === 1) {
          call.write({ header: { revision: 3 }, events: events.slice(0, 2), fragment: true });
          setTimeout(() => call.emit('error', { code: status.UNAVAILABLE, details: 'lost' }), 200);
        } else {
          call.write({ header: { revision: 3 }, events: events.filter(({ kv }) => kv.mod_revision >= from) });
        }
      },
    });
    await using connection = await connected([etcd.url]);
    const watch = startWatch(connection, 2);
    assert.deepEqual(labels(await watch.reached(3)), ['a@2', 'b@3', 'c@3']);
    // The new stream begins at the revision that came last, to compare it.
    assert.deepEqual(begun, [2, 2]);
  });

  test('a message larger than any etcd sends ends the watch', async () => {
    await using etcd = await startFakeEtcd({
      watch: (call) => {
        call.write(created(2));
        call.write({
          header: { revision: 2 },
          events: [{ kv: { ...change('a', 2).kv, value: Buffer.alloc(41 * 1024 * 1024) } }],
        });
      },
    });
    await using connection = await connected([etcd.url]);
    const watching = (async () => {
      for await (const _ of connection.cluster.watch({ from: revision(2), signal: connection.signal })) {
      }
    })();
    await assert.rejects(watching, { code: 'etcd_refused', message: /a message larger than any etcd does/ });
  });

  test('a cluster restored to an older state is not taken for the one that was watched', async () => {
    let streams = 0;
    await using etcd = await startFakeEtcd({
      watch: (call) => {
        streams += 1;
        call.write(created(streams === 1 ? 5 : 2));
        if (streams === 1) {
          call.write({ header: { revision: 5 }, events: [change('a', 4), change('b', 5)] });
          setTimeout(() => call.end(), 100);
        }
      },
    });
    await using connection = await connected([etcd.url], { connectionTimeoutMs: 700 });
    await assert.rejects(
      startWatch(connection, 4).ended,
      (error) =>
        error instanceof EtcdFailure &&
        error.code === 'etcd_history_changed' &&
        /revision 2, and 5 was seen/.test(error.message),
    );
  });

  for (const [what, shown, verdict] of [
    ['another event at the revision that came last', [change('other', 5), change('c', 6)], 'different_events'],
    ['more events there', [change('b', 5), change('x', 5), change('c', 6)], 'different_events'],
    ['no event there, as after a compaction', [change('c', 6)], 'unproven'],
  ] as const) {
    test(`${what} ends the watch, although the revisions go on`, async () => {
      let streams = 0;
      await using etcd = await startFakeEtcd({
        watch: (call, from) => {
          streams += 1;
          call.write(created(streams === 1 ? 5 : 6));
          const events = streams === 1 ? [change('a', 4), change('b', 5)] : shown;
          call.write({ header: { revision: 6 }, events: events.filter(({ kv }) => kv.mod_revision >= from) });
          if (streams === 1) {
            setTimeout(() => call.end(), 100);
          }
        },
      });
      await using connection = await connected([etcd.url]);
      const watch = startWatch(connection, 4);
      await assert.rejects(
        watch.ended,
        (error) => error instanceof HistoryChangedFailure && error.change === verdict && !error.mayLag,
      );
      assert.deepEqual(labels(watch.events), ['a@4', 'b@5']);
    });
  }

  test('a compaction that has removed some events of the revision that came last is no other history', async () => {
    let streams = 0;
    await using etcd = await startFakeEtcd({
      watch: (call) => {
        streams += 1;
        call.write(created(streams === 1 ? 5 : 6));
        const events = streams === 1 ? [change('a', 5), change('b', 5)] : [change('b', 5), change('c', 6)];
        call.write({ header: { revision: 6 }, events });
        if (streams === 1) {
          setTimeout(() => call.end(), 100);
        }
      },
    });
    await using connection = await connected([etcd.url]);
    assert.deepEqual(labels(await startWatch(connection, 5).reached(6)), ['a@5', 'b@5', 'c@6']);
  });

  test('a raft term that falls ends the watch', async () => {
    let streams = 0;
    await using etcd = await startFakeEtcd({
      watch: (call) => {
        streams += 1;
        call.write({ created: true, header: { revision: 5, cluster_id: '7', raft_term: streams === 1 ? '9' : '2' } });
        if (streams === 1) {
          setTimeout(() => call.end(), 50);
        }
      },
    });
    await using connection = await connected([etcd.url], { connectionTimeoutMs: 700 });
    await assert.rejects(
      startWatch(connection, 6).ended,
      (error) => error instanceof HistoryChangedFailure && /raft term 2, and 9 was seen/.test(error.message),
    );
  });

  test('another cluster at the same address is refused', async () => {
    let streams = 0;
    await using etcd = await startFakeEtcd({
      watch: (call) => {
        streams += 1;
        call.write(created(9, String(streams)));
        setTimeout(() => call.end(), 50);
      },
    });
    await using connection = await connected([etcd.url]);
    await assert.rejects(
      startWatch(connection, 4).ended,
      (error) =>
        error instanceof EtcdFailure && error.code === 'etcd_history_changed' && /cluster id is 2/.test(error.message),
    );
  });

  test('a permission that is missing ends the watch with the reason', async () => {
    await using etcd = await startFakeEtcd({
      watch: (call) => {
        call.write({
          ...created(5),
          canceled: true,
          cancel_reason: 'rpc error: code = PermissionDenied desc = etcdserver: permission denied',
        });
      },
    });
    await using connection = await connected([etcd.url]);
    await assert.rejects(
      startWatch(connection, 4).ended,
      (error) => error instanceof EtcdFailure && error.code === 'etcd_auth' && /permission denied/.test(error.message),
    );
  });

  test('a watch that is not accepted in time is tried again', async () => {
    let streams = 0;
    await using etcd = await startFakeEtcd({
      watch: (call) => {
        streams += 1;
        if (streams > 1) {
          call.write(created(5));
          call.write({ header: { revision: 5 }, events: [change('a', 4)] });
        }
      },
    });
    await using connection = await connected([etcd.url], { connectionTimeoutMs: 300 });
    assert.deepEqual(labels(await startWatch(connection, 4).reached(4)), ['a@4']);
    assert.equal(connection.log.count(/no answer in time/), 1);
  });
});

function put(event: Omit<Extract<DeltaEvent, { type: 'put' }>, 'type' | 'lease'> & { lease?: bigint }): DeltaEvent {
  return { type: 'put', lease: 0n, ...event };
}
