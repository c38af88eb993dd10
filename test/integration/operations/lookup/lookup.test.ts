import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { EtcdGateway, type Write } from '../../../../scripts/lab/etcd-gateway.ts';
import { etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { compareStates } from '../../../../src/operations/lookup/compare-states.ts';
import { findKey } from '../../../../src/operations/lookup/find-key.ts';
import { keyHistory } from '../../../../src/operations/lookup/key-history.ts';
import { listKeys } from '../../../../src/operations/lookup/list-keys.ts';
import type { StateRequest } from '../../../../src/operations/lookup/state.ts';
import { withState } from '../../../../src/operations/lookup/with-state.ts';
import { withStates } from '../../../../src/operations/lookup/with-states.ts';
import { revision } from '../../../../src/revision.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import { systemClock } from '../../../../src/runtime/system-clock.ts';
import { openStore } from '../../../../src/snapstore/registry.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { servedKeys } from '../../../support/datadir/served-keys.ts';
import { startSnapshotter } from '../../../support/etcd/running-snapshotter.ts';
import { seededBytes, seededRandom } from '../../../support/fixtures/byte-streams.ts';

const random = seededRandom(16);
const below = (limit: number): number => Math.floor(random() * limit);

/** Transactions of keys as Kubernetes has them; values of up to a few pages. */
async function writeObjects(gateway: EtcdGateway, transactions: number): Promise<number> {
  let last = 0;
  for (let done = 0; done < transactions; done++) {
    const keys = new Set(
      Array.from(
        { length: 1 + below(4) },
        () => `/registry/${['pods', 'secrets', 'leases'][below(3)]}/ns-${below(4)}/${'x'.repeat(below(9))}${below(6)}`,
      ),
    );
    const writes = [...keys].map(
      (put): Write =>
        below(5) === 0
          ? { delete: put }
          : { put, value: seededBytes(below(20) === 0 ? 30_000 : below(900), below(99)) },
    );
    last = await gateway.write(writes);
  }
  return last;
}

const context = recordedContext();

for (const line of etcdLines) {
  test(`etcd ${line}: every revision is read as etcd itself serves it`, async () => {
    using home = makeTempDir();
    await using etcd = await startEtcd({ release: await etcdRelease(line) });
    const gateway = new EtcdGateway(etcd.clientUrl);
    await using store = await openStore(
      {
        provider: 'Local',
        container: home.join('store'),
        prefix: '',
        endpointOverride: undefined,
        maxParallelChunkUploads: 5,
        minChunkSize: 5 * 1024 * 1024,
        role: 'primary',
      },
      { ...context, clock: systemClock, environment: {} },
    );
    const compactedTo = await writeObjects(gateway, 40);
    await etcd.etcdctl('compaction', String(compactedTo), '--physical');
    const inFull = await writeObjects(gateway, 40);
    let last = 0;
    {
      await using snapshotter = await startSnapshotter([etcd.clientUrl], store, { deltaMemoryLimit: 20_000 });
      last = await writeObjects(gateway, 80);
      await snapshotter.covers(last);
    }
    const at = (until: number | undefined): StateRequest => ({
      source: {
        kind: 'store',
        store,
        target: until === undefined ? {} : { until: { kind: 'revision', revision: revision(until) } },
      },
      tempDir: home.join('temp'),
      maxFetchers: 2,
    });
    const revisions = [
      compactedTo,
      compactedTo + 7,
      inFull - 1,
      inFull,
      inFull + 1,
      Math.floor((inFull + last) / 2),
      last,
    ];
    for (const wanted of revisions) {
      const served = await servedKeys(etcd, { revision: wanted });
      await withState(at(wanted), context, async (state) => {
        assert.equal(state.revision, wanted);
        for (const prefix of ['', '/registry/pods/', '/registry/secrets/ns-1/x', '/registry/none/']) {
          const expected = served.filter(({ key }) => Buffer.from(key, 'base64').toString().startsWith(prefix));
          const listed = [...(await listKeys(state, { prefix: Buffer.from(prefix) }, context))];
          assert.deepEqual(
            listed.map(({ key, main, createRevision, version, size }) => [
              Buffer.from(key).toString('base64'),
              main,
              createRevision,
              version,
              size,
            ]),
            expected.map((each) => [each.key, each.modRevision, each.createRevision, each.version, each.valueSize]),
          );
        }
        for (const each of served.filter((_, index) => index % 5 === 0)) {
          const found = await findKey(Buffer.from(each.key, 'base64'), state, context);
          assert.equal(createHash('sha256').update(found.value).digest('hex'), each.valueSha256);
          assert.equal(String(found.lease), each.lease);
        }
      });
    }
    await assert.rejects(
      withState(at(compactedTo - 1), context, () => Promise.resolve()),
      (error) => error instanceof Failure && (error.code === 'no_backup' || error.code === 'revision_compacted'),
    );
    await assert.rejects(
      withState(at(last + 1), context, () => Promise.resolve()),
      (error) =>
        error instanceof Failure && error.code === 'beyond_backup' && /at most --revision \d+/.test(error.message),
    );
    await withStates({ before: at(inFull - 5), after: at(last) }, context, async (pair) => {
      assert.equal(pair.before.database, pair.after.database, 'one database serves for both');
      const before = new Map((await servedKeys(etcd, { revision: inFull - 5 })).map((each) => [each.key, each]));
      const after = new Map((await servedKeys(etcd, { revision: last })).map((each) => [each.key, each]));
      const expected = [...new Set([...before.keys(), ...after.keys()])]
        .map((key) => [key, before.get(key)?.valueSha256, after.get(key)?.valueSha256] as const)
        .filter(([, old, young]) => old !== young);
      const found: (readonly [string, string])[] = [];
      for await (const { key, kind } of compareStates(pair, { prefix: Buffer.alloc(0) }, context)) {
        found.push([Buffer.from(key).toString('base64'), kind]);
      }
      const kinds = expected.map(([key, old, young]) => [
        key,
        old === undefined ? 'added' : young === undefined ? 'deleted' : 'changed',
      ]);
      assert.deepEqual(found.toSorted(), kinds.toSorted() as [string, string][]);
    });
    const [hot] = (await servedKeys(etcd)).toSorted((a, b) => b.version - a.version);
    assert.ok(hot !== undefined);
    const { versions } = await withState(at(undefined), context, (state) =>
      keyHistory(Buffer.from(hot.key, 'base64'), { state, source: at(undefined).source }, context),
    );
    assert.equal(versions.at(-1)?.revision, hot.modRevision);
    assert.equal(versions.at(-1)?.version, hot.version);
    for (const { revision: changed, seen } of versions) {
      assert.equal(seen !== undefined, changed > inFull, `revision ${changed}`);
    }
  });
}
