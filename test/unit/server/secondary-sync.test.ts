import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { silentProgress } from '../../../src/runtime/terminal/progress.ts';
import { keepSecondary, type SecondarySyncEvent } from '../../../src/server/secondary-sync.ts';
import { BackupStore } from '../../../src/snapstore/backups/backup-store.ts';
import type { Bucket } from '../../../src/snapstore/bucket.ts';
import { StoreError } from '../../../src/snapstore/store-error.ts';
import { FakeClock } from '../../support/clock/fake-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';
import { seededBytes } from '../../support/fixtures/byte-streams.ts';
import { faultyBucket } from '../../support/stores/faulty-bucket.ts';
import { type MemoryBucket, memoryBucket } from '../../support/stores/memory-bucket.ts';

const periodMs = 3_600_000;
const daySeconds = 86_400;
const startSeconds = Date.parse('2026-11-21T08:00:00Z') / 1_000;

function put(bucket: MemoryBucket, name: string): void {
  const content = Buffer.from(seededBytes(60_000, name.length));
  const bytes = Buffer.concat([content, createHash('sha256').update(content).digest()]);
  const key = `main/v2/${name}`;
  bucket.objects.set(key, { bytes, entry: { key, size: bytes.length, modifiedAt: 0 } });
}

/** A marker of a doubt about deltas up to `upTo`, older than any rule keeps one. */
function putDoubt(bucket: MemoryBucket, upTo: number): string {
  const facts = { format: 1, why: 'continuation_unproven', first: 'Incr-00000006-00000008-1790000000', clusterId: '1' };
  const name = `History-1790000000-${String(upTo - 1).padStart(8, '0')}.json`;
  const key = `main/v2/${name}`;
  const bytes = Buffer.from(JSON.stringify({ ...facts, upTo }));
  bucket.objects.set(key, { bytes, entry: { key, size: bytes.length, modifiedAt: 0 } });
  return name;
}

function names(bucket: MemoryBucket): readonly string[] {
  return [...bucket.objects.keys()].map((key) => key.replace('main/v2/', ''));
}

/** A full taken so many days before the start. */
function full(revision: number, daysAgo: number): string {
  return `Full-00000000-${String(revision).padStart(8, '0')}-${startSeconds - daysAgo * daySeconds}`;
}

function delta(first: number, last: number, daysAgo: number): string {
  const [from, to] = [first, last].map((each) => String(each).padStart(8, '0'));
  return `Incr-${from}-${to}-${startSeconds - daysAgo * daySeconds + 60}`;
}

function running(primary: Bucket, secondary: Bucket) {
  const clock = new FakeClock();
  const log = new RecordedLog();
  const store = (bucket: Bucket): BackupStore =>
    new BackupStore({ bucket, prefix: 'main', upload: { parallel: 2, minChunkSize: 5_242_880, clock, log }, log });
  const events: SecondarySyncEvent[] = [];
  const stop = new AbortController();
  const rules = {
    policy: { kind: 'LimitBased', maxBackups: 2 },
    deltaRetentionMs: 30 * daySeconds * 1_000,
    leftHistoryMs: periodMs,
  } as const;
  const run = keepSecondary(
    {
      primary: store(primary),
      secondary: store(secondary),
      periodMs,
      garbageCollection: { rules, periodMs: periodMs / 2 },
      listener: (event) => void events.push(event),
    },
    { clock, log, progress: silentProgress, signal: stop.signal },
  ).catch(() => undefined);
  const until = (count: number): Promise<unknown> =>
    eventually(() => (events.length >= count ? true : undefined), {
      intervalMs: 2,
      describe: () => JSON.stringify(events),
    });
  return {
    clock,
    log,
    events,
    until,
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error('over'));
      await run;
    },
  };
}

describe('the second copy', () => {
  it('is made at once, the oldest chain first, and follows after each period', async () => {
    const [primary, secondary] = [memoryBucket(), memoryBucket()];
    const first = [full(10, 2), delta(11, 20, 2), full(20, 1)];
    for (const name of first) {
      put(primary, name);
    }
    await using run = running(primary, secondary);
    await run.until(1);
    assert.deepEqual(run.events, [{ type: 'synced', upTo: startSeconds * 1_000, copied: 3 }]);
    assert.equal(names(secondary)[0], first[0]);
    assert.deepEqual(names(secondary).toSorted(), first.toSorted());
    put(primary, delta(21, 30, 1));
    await run.clock.untilSleeping(periodMs);
    await run.clock.advance(periodMs);
    await run.until(2);
    assert.deepEqual(run.events[1], { type: 'synced', upTo: startSeconds * 1_000 + periodMs, copied: 1 });
    assert.deepEqual(names(secondary).toSorted(), [...first, delta(21, 30, 1)].toSorted());
  });

  it('does not take what its rules would delete again, and collects what they do not keep', async () => {
    const [primary, secondary] = [memoryBucket(), memoryBucket()];
    for (const [revision, daysAgo] of [
      [10, 4],
      [20, 3],
      [30, 2],
    ] as const) {
      put(primary, full(revision, daysAgo));
    }
    put(secondary, full(5, 5));
    await using run = running(primary, secondary);
    await run.until(1);
    assert.deepEqual(names(secondary), [full(5, 5), full(20, 3), full(30, 2)]);
    await run.clock.untilSleeping(periodMs / 2);
    await run.clock.advance(periodMs / 2);
    await eventually(() => (names(secondary).length === 2 ? true : undefined), {
      intervalMs: 2,
      describe: () => names(secondary).join(),
    });
    assert.deepEqual(names(secondary), [full(20, 3), full(30, 2)]);
    assert.equal(names(primary).length, 3);
  });

  it('loses a marker of a doubt about what is gone when the primary has lost it, and not before', async () => {
    const [primary, secondary] = [memoryBucket(), memoryBucket()];
    put(primary, full(30, 1));
    const doubts = [putDoubt(primary, 9), putDoubt(primary, 8)] as const;
    putDoubt(secondary, 7);
    await using run = running(primary, secondary);
    await run.until(1);
    const kept = [full(30, 1), ...doubts].toSorted();
    const collected = async (): Promise<void> => {
      await run.clock.untilSleeping(periodMs / 2);
      await run.clock.advance(periodMs / 2);
    };
    const becomes = async (expected: readonly string[]): Promise<void> => {
      await eventually(() => (names(secondary).toSorted().join() === expected.join() ? true : undefined), {
        intervalMs: 2,
        describe: () => names(secondary).join(),
      });
    };
    await collected();
    await becomes(kept);
    primary.objects.delete(`main/v2/${doubts[0]}`);
    await collected();
    await run.until(2);
    await collected();
    await becomes([full(30, 1), doubts[1]].toSorted());
    assert.equal(run.log.count(/GC: deleted History-.*: what it puts in doubt is not stored any more/), 2);
  });

  it('warns once of a marker that the store does not delete although it says so', async () => {
    const [primary, secondary] = [memoryBucket(), memoryBucket()];
    put(primary, full(30, 1));
    const stuck = putDoubt(secondary, 7);
    let deletions = 0;
    const ignoring: Bucket = {
      ...secondary,
      delete: async () => {
        deletions += 1;
      },
    };
    await using run = running(primary, ignoring);
    await run.until(1);
    for (const times of [1, 2, 3]) {
      await run.clock.untilSleeping(periodMs / 2);
      await run.clock.advance(periodMs / 2);
      await run.until(Math.ceil(times / 2));
    }
    const warning = new RegExp(
      `^GC: cannot delete ${stuck} from .*: the store answered that it is deleted, and it is still`,
    );
    await eventually(() => (run.log.count(warning) > 0 ? true : undefined), {
      intervalMs: 2,
      describe: () => run.log.texts.join('\n'),
    });
    assert.equal(run.log.count(warning), 1);
    assert.equal(run.log.count(/^GC: deleted History/), 0);
    assert.equal(deletions, 2);
  });

  it('of a store that fails is warned of and tried again; an empty primary is no failure', async () => {
    const [primary, secondary] = [memoryBucket(), memoryBucket()];
    const faulty = faultyBucket(secondary);
    await using run = running(primary, faulty);
    await run.until(1);
    assert.equal(run.events[0]?.type, 'synced');
    put(primary, full(10, 1));
    const refused = (): StoreError =>
      new StoreError('denied', { action: 'list', object: 'secondary', found: 'made to fail' });
    faulty.fail('list', refused, 1_000);
    await run.clock.untilSleeping(periodMs);
    await run.clock.advance(periodMs);
    await run.until(2);
    assert.equal(run.events[1]?.type, 'sync failed');
    assert.equal(run.log.count(/^The secondary store .* is not up to date, trying again later: .*made to fail/), 1);
    faulty.fail('list', refused, 0);
    await run.clock.untilSleeping(periodMs);
    await run.clock.advance(periodMs);
    await run.until(3);
    assert.deepEqual(names(secondary), [full(10, 1)]);
  });
});
