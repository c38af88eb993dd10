import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { failureOf } from '../../../../src/operations/fleet/fleet-failure.ts';
import { type FleetReport, stateOf } from '../../../../src/operations/fleet/fleet-report.ts';
import { listFleet } from '../../../../src/operations/fleet/list-fleet.ts';
import { PrefixGlob } from '../../../../src/operations/fleet/prefix-glob.ts';
import type { FleetRequest } from '../../../../src/operations/fleet/request.ts';
import { type FleetVerification, verifyFleet } from '../../../../src/operations/fleet/verify-fleet.ts';
import type { Bucket } from '../../../../src/snapstore/bucket.ts';
import { StoreError, type StoreErrorKind } from '../../../../src/snapstore/store-error.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { type MemoryBucket, memoryBucket } from '../../../support/stores/memory-bucket.ts';

const golden = goldenObjects('etcd-3.5/gzip');

/** A bucket with the golden backup below each prefix. */
function bucketWith(prefixes: readonly string[], traits: Parameters<typeof memoryBucket>[0] = {}): MemoryBucket {
  const bucket = memoryBucket(traits);
  for (const prefix of prefixes) {
    for (const { key, bytes } of golden) {
      put(bucket, `${prefix === '' ? '' : `${prefix}/`}${key}`, bytes);
    }
  }
  return bucket;
}

function put(bucket: MemoryBucket, key: string, bytes: Buffer): void {
  bucket.objects.set(key, { bytes, entry: { key, size: bytes.length, modifiedAt: 0 } });
}

function request(bucket: Bucket, changes: Partial<FleetRequest> = {}): FleetRequest {
  const { clock, log } = recordedContext();
  const upload = { parallel: 1, minChunkSize: 5 * 1024 * 1024, clock, log };
  const thresholds = { maxAgeMs: undefined, proofWithinMs: undefined };
  return {
    store: { bucket, upload },
    prefix: '',
    glob: new PrefixGlob(['**']),
    shard: undefined,
    thresholds,
    ...changes,
  };
}

async function verified(bucket: Bucket, changes: Partial<FleetVerification> = {}): Promise<FleetReport> {
  using dir = makeTempDir();
  const how = { level: 'structure', sample: undefined, maxFetchers: 2, atOnce: 2, run: 'run', record: true } as const;
  return await verifyFleet({ ...request(bucket), ...how, tempDir: dir.join('temp'), ...changes }, recordedContext());
}

function states({ prefixes }: FleetReport): Readonly<Record<string, string>> {
  return Object.fromEntries(prefixes.map((each) => [each.prefix, stateOf(each)]));
}

/** The bucket where calls about some keys fail. */
function failing(bucket: Bucket, kind: StoreErrorKind, isBad: (key: string) => boolean): Bucket {
  const error = (key: string): StoreError => new StoreError(kind, { action: 'read', object: key, found: 'refused' });
  return {
    ...bucket,
    async *list(prefix, options) {
      if (isBad(prefix)) {
        throw error(prefix);
      }
      yield* bucket.list(prefix, options);
    },
    read: (key, options) => (isBad(key) ? Promise.reject(error(key)) : bucket.read(key, options)),
  };
}

describe('fleet list', () => {
  for (const listsByFolder of [true, false]) {
    it(`shows every cluster of a store that ${listsByFolder ? 'lists' : 'does not list'} folder by folder`, async () => {
      const bucket = bucketWith(['', 'a', 'a/b', 'team/v2', 'z'], { listsByFolder });
      put(bucket, 'notes/v2/x', Buffer.from('x'));
      put(bucket, 'etcdbrctl-fleet/v2/Full-00000000-00000058-1795251532.gz', Buffer.alloc(100));
      const report = await listFleet(request(bucket), recordedContext());
      // Names below a folder of a layout show in a listing of it; a walk over folders does not look there.
      const found = states(report);
      assert.deepEqual(found, { '': 'sound', a: 'sound', 'a/b': 'sound', 'team/v2': 'sound', z: 'sound' });
      const [top] = report.prefixes;
      assert.equal(top?.newest?.revision, 122);
      assert.equal(top?.newest?.snapshots, 4);
      assert.equal(top?.snapshots, golden.filter(({ key }) => /Full|Incr/.test(key)).length);
      assert.equal(failureOf(report, { needsShards: true }), undefined);
    });

    it(`takes what the patterns and the prefix name (${listsByFolder})`, async () => {
      const bucket = bucketWith(['prod/a', 'prod/b', 'test/a', 'product'], { listsByFolder });
      const glob = new PrefixGlob(['*a']);
      const below = await listFleet(request(bucket, { prefix: 'prod', glob }), recordedContext());
      assert.deepEqual(states(below), { 'prod/a': 'sound' });
      const all = await listFleet(request(bucket, { glob: new PrefixGlob(['prod*/**']) }), recordedContext());
      assert.deepEqual(Object.keys(states(all)), ['prod/a', 'prod/b', 'product']);
    });
  }

  it('tells what is broken, too old or not proved, each by itself', async () => {
    const bucket = bucketWith(['sound', 'gap', 'empty']);
    const deltas = golden.map(({ key }) => key).filter((key) => key.includes('Incr-'));
    bucket.objects.delete(`gap/${deltas[1]}`);
    put(bucket, `empty/${deltas.at(-1)}`, Buffer.from('x'));
    put(bucket, 'deltas/v2/Incr-00000059-00000122-1795251535.gz', Buffer.alloc(100));
    const context = recordedContext();
    const report = await listFleet(request(bucket), context);
    assert.deepEqual(states(report), { deltas: 'broken', empty: 'broken', gap: 'broken', sound: 'sound' });
    assert.match(String(failureOf(report, { needsShards: false })), /3 of 4 clusters need attention: deltas is broken/);
    const strict = { maxAgeMs: 1_000, proofWithinMs: 1_000 };
    const late = await listFleet(request(bucketWith(['a']), { thresholds: strict }), context);
    assert.deepEqual(
      late.prefixes[0]?.complaints.map(({ kind }) => kind),
      ['stale', 'unproved'],
    );
    const patient = { maxAgeMs: 3_600_000, proofWithinMs: undefined };
    assert.deepEqual(states(await listFleet(request(bucketWith(['a']), { thresholds: patient }), context)), {
      a: 'sound',
    });
  });

  it('a listing that comes back to a prefix shows all of it', async () => {
    const bucket = bucketWith(['a', 'b'], { listsByFolder: true });
    const moved = [...bucket.objects].filter(([key]) => key.startsWith('a/') && key.includes('Incr'));
    for (const [key, object] of moved) {
      bucket.objects.delete(key);
      bucket.objects.set(key, object);
    }
    const report = await listFleet(request(bucket), recordedContext());
    assert.deepEqual(
      report.prefixes.map(({ newest }) => newest?.revision),
      [122, 122],
    );
  });

  it('a prefix that is refused hides no other; a store that answers for none is an error', async () => {
    const names = Array.from({ length: 5 }, (_, at) => `c${at}`);
    const denied = failing(bucketWith(names), 'denied', (key) => key.startsWith('c3/'));
    const { c3, ...others } = states(await listFleet(request(denied), recordedContext()));
    assert.equal(c3, 'unreadable');
    assert.ok(Object.values(others).every((state) => state === 'sound'));
    const silent = failing(bucketWith(names), 'transient', (key) => key.startsWith('c'));
    await assert.rejects(listFleet(request(silent), recordedContext()), (error) => error instanceof StoreError);
  });

  it('a container without backups is a failure, an empty share is none', async () => {
    const nothing = await listFleet(request(memoryBucket()), recordedContext());
    assert.equal(failureOf(nothing, { needsShards: false })?.code, 'no_backup');
    const share = await listFleet(request(memoryBucket(), { shard: { index: 0, count: 2 } }), recordedContext());
    assert.equal(failureOf(share, { needsShards: false }), undefined);
  });
});

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
});
