import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { EtcdGateway, type GatewayKey } from '../../../../scripts/lab/etcd-gateway.ts';
import { etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import type { RestoreLimit } from '../../../../src/operations/restore/target.ts';
import { Schedule } from '../../../../src/operations/snapshot/schedule.ts';
import { revision } from '../../../../src/revision.ts';
import { systemClock } from '../../../../src/runtime/system-clock.ts';
import { openStore } from '../../../../src/snapstore/registry.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { quietLogger } from '../../../support/context/quiet-logger.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import type { ExpectedKey } from '../../../support/datadir/golden.ts';
import { storedKeys } from '../../../support/datadir/stored-keys.ts';
import { startSnapshotter } from '../../../support/etcd/running-snapshotter.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';

/** How long the cluster lives: `EVERY_MOMENT=long` (`make test-moments`), or a life that takes a few seconds. */
const life =
  process.env['EVERY_MOMENT'] === 'long'
    ? { megabytes: 300, fullEachSeconds: 10, seconds: 45, pauseMs: 200 }
    : { megabytes: 4, fullEachSeconds: 3, seconds: 8, pauseMs: 180 };

/** How much later than it was made a change may reach the snapshotter, which notes its time, ms. */
const lateMs = 5_000;

/** How much longer the cluster may live until it has three fulls, ms. */
const mostMoreMs = 60_000;

/** A write, with the times between which etcd has made it, ms since the epoch. */
interface Made {
  readonly revision: number;
  readonly begunAt: number;
  readonly endedAt: number;
}

/** The small keys as etcd shows them in its history. */
async function historyAt(clientUrl: string, wanted: number): Promise<readonly object[]> {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const body = JSON.stringify({ key: base64('k/'), range_end: base64('k0'), revision: wanted });
  const answer = await fetch(`${clientUrl}/v3/kv/range`, { method: 'POST', body });
  assert.ok(answer.ok, `etcd answers ${answer.status} for revision ${wanted}`);
  const { kvs = [] } = (await answer.json()) as { readonly kvs?: readonly GatewayKey[] };
  return kvs.map((kv) => ({
    key: kv.key,
    createRevision: Number(kv.create_revision),
    modRevision: Number(kv.mod_revision),
    version: Number(kv.version),
    valueSha256: createHash('sha256')
      .update(Buffer.from(kv.value ?? '', 'base64'))
      .digest('hex'),
  }));
}

const isSmall = ({ key }: ExpectedKey): boolean => Buffer.from(key, 'base64').toString('latin1').startsWith('k/');

async function restoredAt(store: SnapStore, until: RestoreLimit) {
  using dir = makeTempDir();
  const context = recordedContext();
  const result = await restore(restoreRequest(dir, { store, target: { until } }), context);
  const keys = (await storedKeys(dir.join('data/member/snap/db')))
    .filter(isSmall)
    .map(({ key, createRevision, modRevision, version, valueSha256 }) => ({
      key,
      createRevision: Number(createRevision),
      modRevision: Number(modRevision),
      version: Number(version),
      valueSha256,
    }));
  return { reached: Number(result.revision), keys };
}

test(`every revision and every second of ${life.seconds} s with a full each ${life.fullEachSeconds} s, ${life.megabytes} MB, is what etcd has in its history`, async (t) => {
  using dir = makeTempDir();
  await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
  const gateway = new EtcdGateway(etcd.clientUrl);
  for (let at = 0; at < life.megabytes; at++) {
    await gateway.write([{ put: `large/${at}`, value: randomBytes(1_000_000) }]);
  }
  const place = { provider: 'Local', role: 'primary', container: dir.join('store'), prefix: '' } as const;
  await using store = await openStore(
    { ...place, endpointOverride: undefined, maxParallelChunkUploads: 5, minChunkSize: 5 * 1024 * 1024 },
    { log: quietLogger, clock: systemClock, environment: {} },
  );
  const made: Made[] = [];
  {
    await using snapshotter = await startSnapshotter([etcd.clientUrl], store, {
      schedule: new Schedule(`@every ${life.fullEachSeconds}`),
      deltaPeriodMs: 2_000,
      compression: 'none',
    });
    // A busy machine takes fulls later than they are due.
    const fullsSoFar = (): number => snapshotter.log.count(/^Successfully saved full snapshot/);
    for (
      const until = Date.now() + life.seconds * 1_000;
      Date.now() < until || (fullsSoFar() < 3 && Date.now() < until + mostMoreMs);
    ) {
      const begunAt = Date.now();
      const key = `k/${made.length % 7}`;
      const write = made.length % 11 === 10 ? { delete: key } : { put: key, value: randomBytes(50) };
      made.push({ revision: await gateway.write([write]), begunAt, endedAt: Date.now() });
      await systemClock.sleep(life.pauseMs, new AbortController().signal);
    }
    await snapshotter.covers(made.at(-1)?.revision ?? 0);
    await snapshotter.stop();
    assert.equal(snapshotter.log.count(/HISTORY/), 0);
  }
  const { snapshots } = await store.list({ signal: new AbortController().signal });
  const fulls = snapshots.filter(({ kind }) => kind === 'Full').map(({ lastRevision }) => Number(lastRevision));
  const first = Math.min(...fulls);
  const last = made.at(-1) ?? assert.fail('something was written');
  assert.ok(new Set(fulls).size >= 3, `fulls at ${fulls.join(', ')}`);
  for (let wanted = first; wanted <= last.revision; wanted++) {
    const { reached, keys } = await restoredAt(store, { kind: 'revision', revision: revision(wanted) });
    assert.equal(reached, wanted);
    assert.deepEqual(keys, await historyAt(etcd.clientUrl, wanted), `revision ${wanted}`);
  }
  const begin = Math.min(...snapshots.filter(({ kind }) => kind === 'Full').map(({ createdOn }) => createdOn));
  const end = Math.ceil(last.endedAt / 1_000) + 1;
  for (let second = begin; second <= end; second++) {
    const { reached, keys } = await restoredAt(store, { kind: 'time', time: { seconds: second, nanos: 0 } });
    const before = (ms: number, of: 'begunAt' | 'endedAt'): number =>
      Math.max(first, ...made.filter((each) => each[of] <= ms).map((each) => each.revision));
    const what = `second ${second}, revision ${reached}`;
    assert.ok(reached >= before(second * 1_000 - lateMs, 'endedAt'), what);
    assert.ok(reached <= before(second * 1_000 + 1, 'begunAt'), what);
    assert.deepEqual(keys, await historyAt(etcd.clientUrl, reached), what);
  }
  t.diagnostic(`${last.revision - first + 1} revisions, ${end - begin + 1} seconds, ${fulls.length} fulls`);
});
