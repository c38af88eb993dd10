import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findPrefixes, groupedListing } from '../../../../src/operations/fleet/find-prefixes.ts';
import { failureOf } from '../../../../src/operations/fleet/fleet-failure.ts';
import { listFleet } from '../../../../src/operations/fleet/list-fleet.ts';
import { PrefixGlob } from '../../../../src/operations/fleet/prefix-glob.ts';
import { encodeResult } from '../../../../src/operations/fleet/shard-result.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { bucketWith, failing, golden, put, request, states, verified } from '../../../support/fixtures/fleet.ts';
import { memoryBucket } from '../../../support/stores/memory-bucket.ts';

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

  it('shows what a sidecar has proved, and the newer of its proof and that of the fleet', async () => {
    for (const listsByFolder of [true, false]) {
      const bucket = bucketWith(['none', 'proved', 'damaged', 'later'], { listsByFolder });
      const put122 = (prefix: string, name: string): void =>
        put(bucket, `${prefix}/v2/Proof-${name}.json`, Buffer.from('{}'));
      put122('proved', '1795251000-00000122-restore-sound');
      put122('proved', '1795250000-00000089-restore-damaged');
      put122('damaged', '1795251000-00000089-structure-damaged');
      const hour = { maxAgeMs: undefined, proofWithinMs: 3_600_000 };
      const listed = await listFleet(request(bucket, { thresholds: hour }), recordedContext());
      assert.deepEqual(states(listed), { none: 'unproved', proved: 'sound', damaged: 'damaged', later: 'unproved' });
      const proofs = Object.fromEntries(listed.prefixes.map(({ prefix, proof }) => [prefix, proof]));
      assert.deepEqual(proofs['proved'], {
        on: 1_795_251_000,
        level: 'restore',
        sound: true,
        revision: 122,
        problems: [],
      });
      assert.match(
        listed.prefixes.find(({ prefix }) => prefix === 'damaged')?.complaints[0]?.text ?? '',
        /its last verification failed: .*verify says why/,
      );
      // The clock of the tests is ten minutes later.
      await verified(bucket, { level: 'structure' });
      put122('later', '1795251601-00000089-restore-damaged');
      const again = await listFleet(request(bucket, { thresholds: hour }), recordedContext());
      assert.deepEqual(states(again), { none: 'sound', proved: 'sound', damaged: 'sound', later: 'damaged' });
    }
  });

  it('a sound proof outweighs damage that an older one found only where it goes as deep', async () => {
    for (const listsByFolder of [true, false]) {
      const bucket = bucketWith(['a', 'b', 'c', 'd'], { listsByFolder });
      const put122 = (prefix: string, name: string): void =>
        put(bucket, `${prefix}/v2/Proof-${name}.json`, Buffer.from('{}'));
      for (const prefix of ['a', 'b', 'c', 'd']) {
        put122(prefix, '1795251000-00000089-restore-damaged');
      }
      put122('a', '1795251100-00000122-catalog-sound');
      put122('b', '1795251200-00000122-catalog-sound');
      put122('b', '1795251100-00000122-restore-sound');
      put122('c', '1795250900-00000122-restore-sound');
      // The clock of a writer was ahead by a year, and is right since; it may differ by minutes.
      put122('d', '1826787000-00000122-restore-sound');
      put122('d', '1795251800-00000122-structure-damaged');
      const listed = await listFleet(request(bucket), recordedContext());
      assert.deepEqual(states(listed), { a: 'damaged', b: 'sound', c: 'damaged', d: 'damaged' });
      const said = listed.prefixes.map(({ complaints }) => complaints[0]?.text ?? '');
      assert.match(
        said[0] ?? '',
        /^its last verification at level restore failed, later ones did not go as deep: its sidecar/,
      );
      assert.match(said[3] ?? '', /^its last verification failed: its sidecar/);
      assert.deepEqual(
        listed.prefixes.map(({ proof }) => [proof?.on, proof?.level]),
        [
          [1_795_251_000, 'restore'],
          [1_795_251_200, 'catalog'],
          [1_795_251_000, 'restore'],
          [1_795_251_800, 'structure'],
        ],
      );
    }
  });

  it('so it is with the results of fleet verify, and with both together', async () => {
    const bucket = bucketWith(['a', 'b']);
    const write = (on: number, level: 'catalog' | 'restore', sound: boolean): void => {
      const proof = { on, level, sound, revision: 122, problems: sound ? [] : ['bent'] };
      const prefixes = ['a', 'b'].map((prefix) => ({ prefix, proof }));
      const shard = { index: 0, count: 1 };
      const result = { run: String(on), shard, startedOn: on, endedOn: on, prefixes, failed: [] };
      put(bucket, `etcdbrctl-fleet/verify-${on}-0-of-1.json`, Buffer.from(encodeResult(result)));
    };
    write(1_795_251_000, 'restore', false);
    write(1_795_251_200, 'catalog', true);
    put(bucket, 'b/v2/Proof-1795251100-00000122-restore-sound.json', Buffer.from('{}'));
    assert.deepEqual(states(await listFleet(request(bucket), recordedContext())), { a: 'damaged', b: 'sound' });
    write(1_826_787_000, 'restore', true);
    assert.deepEqual(states(await listFleet(request(bucket), recordedContext())), { a: 'damaged', b: 'sound' });
  });

  it('more prefixes than can be held are a failure', async () => {
    const search = { bucket: bucketWith(['a', 'b', 'c']), root: '', glob: new PrefixGlob(['**']), mostPrefixes: 2 };
    const tooMany = { code: 'fleet_incomplete', message: /holds more than 2 prefixes with backups/ };
    await assert.rejects(findPrefixes(search, recordedContext()), tooMany);
    await assert.rejects(Array.fromAsync(groupedListing(search, recordedContext())), tooMany);
  });
});
