import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { failureOf } from '../../../../src/operations/fleet/fleet-failure.ts';
import { listFleet } from '../../../../src/operations/fleet/list-fleet.ts';
import { mergeResults } from '../../../../src/operations/fleet/merged-results.ts';
import { verifyFleet } from '../../../../src/operations/fleet/verify-fleet.ts';
import { Identities } from '../../../../src/snapshot/encryption/identities.ts';
import type { Bucket } from '../../../../src/snapstore/bucket.ts';
import { ResultObjects } from '../../../../src/snapstore/fleet/result-objects.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { ageKey, otherAgeKey } from '../../../support/fixtures/age-keys.ts';
import { encryptedGoldenStore } from '../../../support/fixtures/encrypted-golden-store.ts';
import { bucketWith, daysLater, golden, put, request, states, verified } from '../../../support/fixtures/fleet.ts';
import { memoryBucket } from '../../../support/stores/memory-bucket.ts';

describe('fleet verify', () => {
  it('shares the work, and the report puts it together and says what is missing', async () => {
    const names = Array.from({ length: 8 }, (_, at) => `cluster-${at}`);
    const bucket = bucketWith(names);
    const shard = (index: number) => ({ level: 'hash', shard: { index, count: 3 } }) as const;
    const first = await verified(bucket, shard(0));
    const second = await verified(bucket, shard(1));
    const partly = await listFleet(request(bucket), recordedContext());
    assert.deepEqual(partly.lastRun?.missing, [2]);
    assert.equal(failureOf(partly, { needsShards: true })?.code, 'fleet_incomplete');
    const third = await verified(bucket, shard(2));
    const shares = [first, second, third].flatMap(({ prefixes }) => prefixes.map(({ prefix }) => prefix));
    assert.deepEqual(shares.toSorted(), names);
    const thresholds = { maxAgeMs: undefined, proofWithinMs: 3_600_000 };
    const whole = await listFleet(request(bucket, { thresholds }), recordedContext());
    assert.equal(failureOf(whole, { needsShards: true }), undefined);
    assert.ok(whole.prefixes.every(({ proof }) => proof?.sound === true && proof.revision === 122));
    const left = [...bucket.objects.keys()].filter((key) => key.startsWith('etcdbrctl-fleet/'));
    assert.equal(left.length, 3);
  });

  it('a damaged cluster hides no other, and is damaged in later listings', async () => {
    const bucket = bucketWith(['a', 'b', 'c']);
    const [full] = golden.filter(({ key }) => key.includes('Full-'));
    const bent = Buffer.from(full?.bytes ?? []);
    bent[bent.length - 1] = (bent.at(-1) ?? 0) ^ 1;
    put(bucket, `b/${full?.key}`, bent);
    assert.deepEqual(states(await verified(bucket)), { a: 'sound', b: 'damaged', c: 'sound' });
    const listed = await listFleet(request(bucket), recordedContext());
    assert.deepEqual(states(listed), { a: 'sound', b: 'damaged', c: 'sound' });
    assert.match(listed.prefixes[1]?.complaints[0]?.text ?? '', /its last verification failed: Full-/);
  });

  it('writes no result when it is stopped, or when it is not to', async () => {
    const bucket = bucketWith(['a', 'b']);
    const stop = new AbortController();
    const watched: Bucket = {
      ...bucket,
      read: (key, options) => {
        stop.abort(new Error('stopped'));
        return bucket.read(key, options);
      },
    };
    using dir = makeTempDir();
    const how = { level: 'hash', sample: undefined, maxFetchers: 2, atOnce: 1, run: 'run', record: true } as const;
    const work = verifyFleet({ ...request(watched), ...how, tempDir: dir.join('t') }, recordedContext(stop.signal));
    await assert.rejects(work, /stopped/);
    await verified(bucket, { level: 'catalog', record: false });
    assert.ok([...bucket.objects.keys()].every((key) => !key.startsWith('etcdbrctl-fleet/')));
  });

  it('what is no result is left out, and old ones go', async () => {
    const bucket = bucketWith(['a']);
    put(bucket, 'etcdbrctl-fleet/verify-1795251600-0-of-1.json', Buffer.from('{"format":1'));
    put(bucket, 'etcdbrctl-fleet/verify-1-0-of-7.json', Buffer.from('{}'));
    put(bucket, 'etcdbrctl-fleet/verify-2-9-of-7.json', Buffer.from('{}'));
    const context = recordedContext();
    const report = await listFleet(request(bucket), context);
    assert.equal(report.lastRun, undefined);
    assert.equal(context.lines.filter(({ level }) => level === 'warn').length, 2);
    for (let run = 0; run < 5; run++) {
      put(bucket, `etcdbrctl-fleet/verify-${run + 10}-0-of-1.json`, Buffer.from('{}'));
    }
    await verified(bucket, { level: 'catalog' });
    const left = [...bucket.objects.keys()].filter((key) => key.startsWith('etcdbrctl-fleet/')).sort();
    assert.equal(left.length, 4, left.join(' '));
  });

  it('what a running backup deletes between the listing and its reading is no damage', async () => {
    const bucket = bucketWith(['a']);
    const [full] = golden.filter(({ key }) => key.includes('Full-'));
    const key = `a/${full?.key}`;
    const older = key.replace(/-(\d{10})\./, (_, seconds: string) => `-${Number(seconds) - 3_600}.`);
    assert.notEqual(older, key);
    put(bucket, older, full?.bytes ?? Buffer.alloc(0));
    const deleting: Bucket = {
      ...bucket,
      read: (asked, options) => {
        bucket.objects.delete(older);
        return bucket.read(asked, options);
      },
    };
    assert.deepEqual(states(await verified(deleting, { level: 'hash' })), { a: 'sound' });
  });

  it('old results go although many newer ones are locked, which the listing does not say', async () => {
    const bucket = bucketWith(['a']);
    const keys = Array.from({ length: 120 }, (_, run) => `etcdbrctl-fleet/verify-${run + 100}-0-of-1.json`);
    for (const key of keys) {
      put(bucket, key, Buffer.from('{}'));
    }
    const expired = keys.slice(0, 9);
    const error = new StoreError('immutable', { action: 'delete', object: 'a result', found: 'it is locked' });
    const locking: Bucket = {
      ...bucket,
      delete: (key, options) => (expired.includes(key) ? bucket.delete(key, options) : Promise.reject(error)),
    };
    await verified(locking, { level: 'catalog' });
    assert.deepEqual(
      keys.filter((key) => !bucket.objects.has(key)),
      expired,
    );
  });

  it('old results go although many older ones are held for ever, which the listing does not say', async () => {
    const bucket = bucketWith(['a']);
    const held = Array.from({ length: 150 }, (_, run) => `etcdbrctl-fleet/verify-${run + 100}-0-of-1.json`);
    const free = Array.from({ length: 5 }, (_, run) => `etcdbrctl-fleet/verify-${run + 1_000}-0-of-1.json`);
    for (const key of [...held, ...free]) {
      put(bucket, key, Buffer.from('{}'));
    }
    const error = new StoreError('immutable', { action: 'delete', object: 'a result', found: 'it is held' });
    let tries = 0;
    const holding: Bucket = {
      ...bucket,
      delete: (key, options) => {
        tries++;
        return held.includes(key) ? Promise.reject(error) : bucket.delete(key, options);
      },
    };
    for (let run = 0; run < 3; run++) {
      await verified(holding, { level: 'catalog' }, await daysLater(run));
    }
    assert.deepEqual(
      free.filter((key) => bucket.objects.has(key)),
      [],
    );
    assert.ok(tries <= 600, String(tries));
  });

  it('a name of a folder that no result can hold does not spoil the result', async () => {
    const long = 'x'.repeat(2_100);
    const bucket = bucketWith(['a', `${long}/b`]);
    const refusing: Bucket = {
      ...bucket,
      async *folders(folder, options) {
        if (folder.startsWith(long)) {
          throw new StoreError('denied', { action: 'list', object: folder, found: 'refused' });
        }
        yield* bucket.folders(folder, options);
      },
    };
    await verified(refusing, { level: 'catalog' });
    const { lastRun } = await listFleet(request(bucket), recordedContext());
    assert.equal(lastRun?.run, 'run');
  });

  it('a scratch directory that cannot be used is no fault of the clusters', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('file'), '');
    for (const level of ['structure', 'restore'] as const) {
      const bucket = bucketWith(['a', 'b']);
      await assert.rejects(verified(bucket, { level, tempDir: dir.join('file/temp') }), {
        name: 'Failure',
        message: /cannot expand snapshots in .*temp/,
      });
      assert.ok([...bucket.objects.keys()].every((key) => !key.startsWith('etcdbrctl-fleet/')));
    }
    const bucket = bucketWith(['a']);
    assert.deepEqual(states(await verified(bucket, { level: 'hash', tempDir: dir.join('file/temp') })), { a: 'sound' });
  });

  it('writes nothing where there is nothing', async () => {
    const bucket = bucketWith([]);
    await assert.rejects(verified(bucket, { shard: { index: 0, count: 2 } }), /it holds no prefix with backups/);
    assert.equal(bucket.objects.size, 0);
  });

  it('what is encrypted is proved with an identity; without one it is unproved, and an older proof stays', async () => {
    const bucket = memoryBucket();
    const sealed = await encryptedGoldenStore('etcd-3.5/gzip');
    for (const prefix of ['a', 'b']) {
      for (const { key, bytes } of prefix === 'a' ? sealed : golden) {
        put(bucket, `${prefix}/${key}`, bytes);
      }
    }
    const identities = await Identities.parse([ageKey.file]);
    assert.deepEqual(states(await verified(bucket, { level: 'restore', identities })), { a: 'sound', b: 'sound' });
    // A minute before: the clock of the tests stands still.
    const [written = ''] = [...bucket.objects.keys()].filter((key) => key.startsWith('etcdbrctl-fleet/'));
    const before = (text: string): string => text.replaceAll('1795251600', '1795251540');
    put(bucket, before(written), Buffer.from(before(String(bucket.objects.get(written)?.bytes))));
    for (const wrong of [undefined, await Identities.parse([otherAgeKey.file])]) {
      const report = await verified(bucket, { identities: wrong });
      assert.deepEqual(states(report), { a: 'unproved', b: 'sound' });
      assert.match(report.prefixes[0]?.complaints[0]?.text ?? '', /not looked into: 4 objects of it are encrypted/);
      const thresholds = { maxAgeMs: undefined, proofWithinMs: 3_600_000 };
      const listed = await listFleet(request(bucket, { thresholds }), recordedContext());
      assert.deepEqual(states(listed), { a: 'sound', b: 'sound' });
      assert.equal(listed.prefixes[0]?.proof?.level, 'restore');
      assert.deepEqual(
        listed.lastRun?.failed.map(({ prefix }) => prefix),
        ['a'],
      );
    }
    assert.deepEqual(states(await verified(bucket, { level: 'catalog' })), { a: 'sound', b: 'sound' });
  });

  it('results are read several at once: of a hundred shares each is waited for', async () => {
    const bucket = bucketWith(['a']);
    await verified(bucket, { level: 'catalog' });
    const [key = ''] = [...bucket.objects.keys()].filter((each) => each.startsWith('etcdbrctl-fleet/'));
    const bytes = bucket.objects.get(key)?.bytes ?? Buffer.alloc(0);
    for (let index = 0; index < 40; index++) {
      put(bucket, key.replace('-0-of-1', `-${index}-of-40`), bytes);
    }
    let [running, most] = [0, 0];
    const watched: Bucket = {
      ...bucket,
      read: async (each, options) => {
        running++;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        return await bucket.read(each, options);
      },
    };
    const { upload } = request(bucket).store;
    const { proofs } = await mergeResults(new ResultObjects(watched, { root: '', upload }), recordedContext());
    assert.equal(proofs.size, 1);
    assert.ok(most > 4 && most <= 8, String(most));
  });

  it('so many results are read, the newest, and none that is too large', async () => {
    const bucket = bucketWith(['a']);
    await verified(bucket, { level: 'hash', shard: { index: 0, count: 1 } });
    await verified(bucket, { level: 'hash', shard: { index: 0, count: 2 } });
    const { upload } = request(bucket).store;
    const read: string[] = [];
    const watched: Bucket = {
      ...bucket,
      read: (key, options) => {
        read.push(key);
        return bucket.read(key, options);
      },
    };
    await mergeResults(new ResultObjects(watched, { root: '', upload }), recordedContext(), { mostRead: 1 });
    assert.equal(read.length, 1);
    const context = recordedContext();
    const { proofs } = await mergeResults(new ResultObjects(bucket, { root: '', upload, largest: 100 }), context);
    assert.equal(proofs.size, 0);
    assert.equal(context.lines.filter(({ level }) => level === 'warn').length, 2);
  });
});
