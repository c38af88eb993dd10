// Takes long: minutes of a schedule.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeCertificates } from '../../../../scripts/lab/certificates.ts';
import { etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import { Schedule } from '../../../../src/operations/snapshot/schedule.ts';
import { newestChain } from '../../../../src/snapshot/chain.ts';
import { putMany } from '../../../support/etcd/put-many.ts';
import { clockBeforeMinute, startSnapshotter } from '../../../support/etcd/running-snapshotter.ts';
import { MemoryStore } from '../../../support/stores/memory-store.ts';

const small = (index: number): Buffer => Buffer.from(`value ${index}`);

for (const line of etcdLines) {
  describe(`etcd ${line}`, () => {
    test('deltas hold exactly the writes that were made, in order, from the full on', async () => {
      await using etcd = await startEtcd({ release: await etcdRelease(line) });
      const before = await putMany(etcd, { keys: 10, value: small });
      const store = new MemoryStore();
      await using snapshotter = await startSnapshotter([etcd.clientUrl], store, { deltaMemoryLimit: 2_000 });
      const last = await putMany(etcd, { keys: 100, value: small, atOnce: 1 });
      await snapshotter.stop();
      const deltas = store.saved.filter((name) => name.startsWith('Incr'));
      assert.ok(deltas.length >= 5, `${deltas.length} deltas`);
      const events = (await Promise.all(deltas.map((name) => store.events(name)))).flat();
      assert.deepEqual(
        events.map((event) => ({
          revision: event.modRevision,
          key: Buffer.from(event.key).toString(),
          value: event.type === 'put' ? Buffer.from(event.value).toString() : undefined,
        })),
        Array.from({ length: 100 }, (_, index) => ({
          revision: before + 1 + index,
          key: `key-${String(index).padStart(8, '0')}`,
          value: `value ${index}`,
        })),
      );
      assert.equal(events.at(-1)?.modRevision, last);
    });

    test('history that was compacted while etcd was out of reach is covered by a new full', async () => {
      await using etcd = await startEtcd({ release: await etcdRelease(line) });
      await putMany(etcd, { keys: 10, value: small });
      const store = new MemoryStore();
      await using snapshotter = await startSnapshotter([etcd.clientUrl], store);
      await snapshotter.covers(await putMany(etcd, { keys: 10, value: small }));
      await etcd.stop();
      {
        await using elsewhere = await startEtcd({ release: etcd.release, dataDir: etcd.dataDir });
        const compacted = await putMany(elsewhere, { keys: 30, value: small });
        await elsewhere.etcdctl('compaction', String(compacted));
      }
      await etcd.restart();
      const last = await putMany(etcd, { keys: 10, value: small });
      await snapshotter.covers(last);
      assert.equal(snapshotter.log.count(/is compacted away/), 1);
      assert.equal(store.saved.filter((name) => name.startsWith('Full')).length, 2);
      const plan = newestChain((await store.list()).snapshots);
      assert.equal(plan.outcome === 'chain' && plan.lastRevision, last);
    });

    test('over TLS with client certificates and users', async () => {
      await using certificates = await makeCertificates();
      const { server, ca, client } = certificates;
      await using etcd = await startEtcd({
        release: await etcdRelease(line),
        tls: { server, ca, client },
        rootPassword: 'secret-of-root',
      });
      const store = new MemoryStore();
      await using snapshotter = await startSnapshotter([etcd.clientUrl], store, {
        connection: {
          caFile: ca,
          certFile: client.cert,
          keyFile: client.key,
          username: 'root',
          password: 'secret-of-root',
        },
      });
      await etcd.etcdctl('put', 'greeting', 'hello');
      await snapshotter.covers(2);
      assert.match(store.saved[1] ?? '', /^Incr-00000002-00000002-/);
    });
  });
}

test('a scheduled full is skipped while nothing changes in etcd', async () => {
  await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
  await putMany(etcd, { keys: 10, value: small });
  const store = new MemoryStore();
  await using snapshotter = await startSnapshotter([etcd.clientUrl], store, {
    schedule: new Schedule('* * * * *'),
    clock: clockBeforeMinute(2_000),
  });
  await eventually(() => (snapshotter.log.count(/^There are no updates since last snapshot/) > 0 ? true : undefined), {
    timeoutMs: 60_000,
  });
  assert.equal(store.saved.length, 1);
  await snapshotter.stop();
});

test('etcd that is down when a full is due is waited for', async () => {
  await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
  await putMany(etcd, { keys: 10, value: small });
  const store = new MemoryStore();
  await using snapshotter = await startSnapshotter([etcd.clientUrl], store, {
    schedule: new Schedule('* * * * *'),
    clock: clockBeforeMinute(6_000),
  });
  const last = await putMany(etcd, { keys: 5, value: small });
  await snapshotter.covers(last);
  await etcd.kill9();
  await eventually(() => (snapshotter.log.count(/^Trying the full snapshot again in/) > 0 ? true : undefined), {
    timeoutMs: 60_000,
  });
  assert.match(store.saved.at(-1) ?? '', new RegExp(`^Incr-\\d+-0*${last}-`));
  await etcd.restart();
  const later = await putMany(etcd, { keys: 5, value: small });
  await snapshotter.covers(later);
  await eventually(() => (snapshotter.log.count(/^Successfully saved full snapshot/) > 1 ? true : undefined), {
    timeoutMs: 60_000,
  });
});
