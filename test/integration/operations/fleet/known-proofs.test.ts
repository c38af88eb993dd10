import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listFleet } from '../../../../src/operations/fleet/list-fleet.ts';
import { PrefixGlob } from '../../../../src/operations/fleet/prefix-glob.ts';
import { shardOf } from '../../../../src/operations/fleet/shard-of.ts';
import { shareOfWork } from '../../../../src/operations/fleet/share-of-work.ts';
import type { FleetVerification } from '../../../../src/operations/fleet/verify-fleet.ts';
import type { Bucket } from '../../../../src/snapstore/bucket.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import {
  bucketWith,
  daysLater,
  failing,
  golden,
  put,
  request,
  states,
  verified,
} from '../../../support/fixtures/fleet.ts';
import type { MemoryBucket } from '../../../support/stores/memory-bucket.ts';

const results = (bucket: MemoryBucket): readonly string[] =>
  [...bucket.objects.keys()].filter((key) => key.startsWith('etcdbrctl-fleet/')).sort();

/** Verifies once a day, from a day on, each time in the same way. */
async function nightly(bucket: Bucket, how: Partial<FleetVerification>, days: readonly number[]): Promise<void> {
  for (const day of days) {
    await verified(bucket, how, await daysLater(day));
  }
}

/** The state of each cluster as `fleet list` shows it on a day. */
async function listed(bucket: Bucket, day: number): Promise<Readonly<Record<string, string>>> {
  return states(await listFleet(request(bucket), await daysLater(day)));
}

/** The golden full with its last byte changed: its hash is wrong. */
function damage(bucket: MemoryBucket, prefix: string): void {
  const full = golden.find(({ key }) => key.includes('Full-'));
  const bent = Buffer.from(full?.bytes ?? []);
  bent[bent.length - 1] = (bent.at(-1) ?? 0) ^ 1;
  put(bucket, `${prefix}/${full?.key}`, bent);
}

function mend(bucket: MemoryBucket, prefix: string): void {
  for (const { key, bytes } of golden) {
    put(bucket, `${prefix}/${key}`, bytes);
  }
}

describe('what the results of fleet verify keep', () => {
  it('damage stays through any number of shallower verifications, until one as deep is sound', async () => {
    const bucket = bucketWith(['a', 'b']);
    damage(bucket, 'b');
    await nightly(bucket, { level: 'hash' }, [0]);
    await nightly(bucket, { level: 'catalog' }, [1, 2, 3, 4, 5]);
    assert.deepEqual(await listed(bucket, 5), { a: 'sound', b: 'damaged' });
    assert.equal(results(bucket).length, 3);
    mend(bucket, 'b');
    await nightly(bucket, { level: 'structure' }, [6]);
    assert.deepEqual(await listed(bucket, 6), { a: 'sound', b: 'sound' });
    await nightly(bucket, { level: 'catalog' }, [7, 8, 9, 10]);
    assert.deepEqual(await listed(bucket, 10), { a: 'sound', b: 'sound' });
  });

  it('a proof stays while other clusters are verified, or it cannot be repeated', async () => {
    const bucket = bucketWith(['a', 'b', 'c']);
    damage(bucket, 'b');
    await nightly(bucket, { level: 'hash' }, [0]);
    await nightly(bucket, { level: 'hash', glob: new PrefixGlob(['c']) }, [1, 2, 3, 4]);
    assert.deepEqual(await listed(bucket, 4), { a: 'sound', b: 'damaged', c: 'sound' });
    const refusing = failing(bucket, 'denied', (key) => key.startsWith('b/'));
    await nightly(refusing, { level: 'hash' }, [5, 6, 7, 8]);
    const report = await listFleet(request(bucket), await daysLater(8));
    assert.deepEqual(states(report), { a: 'sound', b: 'damaged', c: 'sound' });
    assert.match(report.prefixes[1]?.complaints[0]?.text ?? '', /its last verification failed: Full-/);
  });

  it('another number of shares loses nothing', async () => {
    const bucket = bucketWith(['a', 'b', 'c', 'd']);
    damage(bucket, 'b');
    await nightly(bucket, { level: 'hash' }, [0]);
    for (const index of [0, 1, 2]) {
      await nightly(bucket, { level: 'catalog', shard: { index, count: 3 } }, [40, 41]);
    }
    assert.ok(results(bucket).every((key) => key.endsWith('-of-3.json')));
    assert.equal((await listed(bucket, 41))['b'], 'damaged');
  });

  it('a share of another number loses nothing of what the others of that number have not yet taken over', async () => {
    for (const index of [0, 1, 2]) {
      const bucket = bucketWith(['a', 'b', 'c', 'd']);
      for (const prefix of ['a', 'b', 'c', 'd']) {
        damage(bucket, prefix);
      }
      await nightly(bucket, { level: 'hash' }, [0]);
      const shard = { index, count: 3 };
      await nightly(bucket, { level: 'catalog', shard }, [40, 41]);
      const others = [0, 1, 2].filter((each) => each !== index);
      for (const other of others) {
        await nightly(bucket, { level: 'catalog', shard: { index: other, count: 3 } }, [41]);
      }
      const all = { a: 'damaged', b: 'damaged', c: 'damaged', d: 'damaged' };
      assert.deepEqual(await listed(bucket, 41), all, `after share ${index}`);
      await nightly(bucket, { level: 'catalog', shard }, [42]);
      assert.ok(results(bucket).every((key) => key.endsWith('-of-3.json')));
      assert.deepEqual(await listed(bucket, 42), all);
    }
  });

  it('damage stays known when a cluster goes to the second share of its name, and back', async () => {
    const names = Array.from({ length: 60 }, (_, at) => `etcd-${at}`);
    const moved = names.find((name) => {
      const index = shardOf(name, 2);
      return !shareOfWork(names, { index, count: 2 }).has(name);
    });
    assert.ok(moved !== undefined);
    const bucket = bucketWith(names);
    damage(bucket, moved);
    const both = async (how: Partial<FleetVerification>, day: number): Promise<void> => {
      for (const index of [0, 1]) {
        await nightly(bucket, { ...how, shard: { index, count: 2 } }, [day]);
      }
    };
    await both({ level: 'hash' }, 0);
    assert.equal((await listed(bucket, 0))[moved], 'damaged');
    for (const key of [...bucket.objects.keys()].filter((each) => each.startsWith('etcd-'))) {
      if (!key.startsWith(`${moved}/`)) {
        bucket.objects.delete(key);
      }
    }
    for (const day of [1, 2, 3, 4]) {
      await both({ level: 'catalog' }, day);
    }
    assert.deepEqual(await listed(bucket, 4), { [moved]: 'damaged' });
    mend(bucket, moved);
    await both({ level: 'hash' }, 5);
    assert.deepEqual(await listed(bucket, 5), { [moved]: 'sound' });
  });

  it('results that may not be read are not removed', async () => {
    const bucket = bucketWith(['a']);
    await nightly(bucket, { level: 'hash' }, [0, 1, 2]);
    const refusing = failing(bucket, 'denied', (key) => key.startsWith('etcdbrctl-fleet/verify-'));
    await nightly(refusing, { level: 'catalog' }, [3]);
    assert.equal(results(bucket).length, 4);
    await nightly(bucket, { level: 'catalog' }, [4]);
    assert.equal(results(bucket).length, 3);
  });

  it('a share reads what it may know itself, and not what other shares of the same number wrote', async () => {
    const bucket = bucketWith(['a', 'b', 'c', 'd']);
    for (const index of [0, 1, 2]) {
      await nightly(bucket, { level: 'catalog', shard: { index, count: 3 } }, [0]);
    }
    await nightly(bucket, { level: 'catalog' }, [1]);
    const read: string[] = [];
    const watched: Bucket = {
      ...bucket,
      read: (key, options) => {
        read.push(key);
        return bucket.read(key, options);
      },
    };
    await nightly(watched, { level: 'catalog', shard: { index: 1, count: 3 } }, [2]);
    assert.deepEqual(
      read.map((key) => key.replace(/.*verify-\d+-/, '')),
      ['0-of-1.json', '1-of-3.json'],
    );
  });

  it('of a cluster that is gone nothing stays', async () => {
    const bucket = bucketWith(['a', 'b']);
    await nightly(bucket, { level: 'hash' }, [0]);
    for (const key of [...bucket.objects.keys()].filter((each) => each.startsWith('b/'))) {
      bucket.objects.delete(key);
    }
    await nightly(bucket, { level: 'hash', glob: new PrefixGlob(['a']) }, [1]);
    assert.match(String(bucket.objects.get(results(bucket).at(-1) ?? '')?.bytes), /"prefix":"b"/);
    await nightly(bucket, { level: 'hash' }, [2]);
    assert.doesNotMatch(String(bucket.objects.get(results(bucket).at(-1) ?? '')?.bytes), /"prefix":"b"/);
  });

  it('where older results cannot be read, what was proved is written, and nothing is removed', async () => {
    const bucket = bucketWith(['a']);
    await nightly(bucket, { level: 'hash' }, [0, 1, 2]);
    const context = await daysLater(3);
    await verified(
      failing(bucket, 'transient', (key) => key.startsWith('etcdbrctl-fleet/verify-')),
      {},
      context,
    );
    assert.equal(results(bucket).length, 4);
    assert.ok(context.lines.some(({ level, text }) => level === 'warn' && text.startsWith('Older results')));
  });

  it('a clock that was ahead neither hides nor keeps results', async () => {
    const bucket = bucketWith(['a']);
    await nightly(bucket, { level: 'hash' }, [4_000, 4_001, 4_002]);
    await nightly(bucket, { level: 'hash', run: 'now' }, [0]);
    const report = await listFleet(request(bucket), await daysLater(0));
    assert.deepEqual([report.prefixes[0]?.proof?.level, report.lastRun?.run], ['hash', 'now']);
    assert.equal(results(bucket).length, 1);
  });

  it('what is locked keeps nothing else', async () => {
    const bucket = bucketWith(['a']);
    const tried: string[] = [];
    const watched: Bucket = {
      ...bucket,
      delete: async (key, options) => {
        tried.push(key);
        if (key.includes('-1795338000-')) {
          throw new StoreError('immutable', { action: 'delete', object: key, found: 'it is locked' });
        }
        await bucket.delete(key, options);
      },
    };
    await nightly(bucket, { level: 'catalog' }, [0]);
    for (const day of [1, 2, 3]) {
      const [first = ''] = results(bucket);
      const found = bucket.objects.get(first);
      assert.ok(found !== undefined);
      put(bucket, first.replace(/verify-\d+/, `verify-${1_795_251_600 + day * 86_400}`), found.bytes);
    }
    const [oldest = ''] = results(bucket);
    const kept = bucket.objects.get(oldest);
    assert.ok(kept !== undefined);
    bucket.objects.set(oldest, { ...kept, entry: { ...kept.entry, immutableUntil: Number.MAX_SAFE_INTEGER } });
    await nightly(watched, { level: 'catalog' }, [4, 5]);
    assert.deepEqual(
      results(bucket).map((key) => Number(/verify-(\d+)/.exec(key)?.[1] ?? 0) - 1_795_251_600),
      [0, 1, 3, 4, 5].map((day) => day * 86_400),
    );
    assert.ok(!tried.includes(oldest));
  });
});
