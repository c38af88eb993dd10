import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { beforeEach, describe, test } from 'node:test';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { packFiles } from '../../../../src/operations/companion/pack.ts';
import { copyBackups, planBackupCopy, waitForFinal } from '../../../../src/operations/copy/copy.ts';
import { revision } from '../../../../src/revision.ts';
import { systemClock } from '../../../../src/runtime/system-clock.ts';
import type { Progress } from '../../../../src/runtime/terminal/progress.ts';
import { terminalProgress } from '../../../../src/runtime/terminal/terminal-progress.ts';
import { compress } from '../../../../src/snapshot/compression.ts';
import { historiesOf } from '../../../../src/snapshot/history/histories.ts';
import type { HistoryMarker } from '../../../../src/snapshot/history/history-marker.ts';
import { BackupStore } from '../../../../src/snapstore/backups/backup-store.ts';
import type { Bucket } from '../../../../src/snapstore/bucket.ts';
import { StoreError, type StoreErrorKind } from '../../../../src/snapstore/store-error.ts';
import { type RecordedContext, recordedContext } from '../../../support/context/run-context.ts';
import { seededBytes } from '../../../support/fixtures/byte-streams.ts';
import { faultyBucket } from '../../../support/stores/faulty-bucket.ts';
import { type MemoryBucket, memoryBucket } from '../../../support/stores/memory-bucket.ts';

const CHUNK = 5 * 1024 * 1024;
const FULL = 'Full-00000000-00000010-1000';
/** A full of more than one part, and one of a single part. */
const LARGE_FULL = hashed(2 * CHUNK + 10, 1);
const SMALL_FULL = hashed(300_000, 1);
const DELTAS = Array.from({ length: 6 }, (_, at) => `Incr-${pad(11 + at * 10)}-${pad(20 + at * 10)}-${1001 + at}`);

/** The later, the smaller: those that come after would be ready first. */
const DELTA_BYTES = DELTAS.map((_, at) => hashed(300_000 / (at + 1), at + 2));

let source: MemoryBucket;
let target: MemoryBucket;
let context: RecordedContext;

function pad(revision: number): string {
  return String(revision).padStart(8, '0');
}

function hashed(size: number, seed: number): Buffer {
  const content = Buffer.from(seededBytes(size, seed));
  return Buffer.concat([content, createHash('sha256').update(content).digest()]);
}

function put(bucket: MemoryBucket, name: string, bytes: Buffer): void {
  const key = `main/v2/${name}`;
  bucket.objects.set(key, { bytes, entry: { key, size: bytes.length, modifiedAt: 0 } });
}

function store(bucket: Bucket): BackupStore {
  const upload = { parallel: 3, minChunkSize: CHUNK, clock: context.clock, log: context.log };
  return new BackupStore({ bucket, prefix: 'main', upload, log: context.log });
}

function request(from: Bucket = source, to: Bucket = target): Parameters<typeof copyBackups>[0] {
  return { source: store(from), target: store(to), maxBackups: undefined, maxBackupAgeDays: undefined, maxParallel: 4 };
}

function names(bucket: MemoryBucket): readonly string[] {
  return [...bucket.objects.keys()].map((key) => key.replace('main/v2/', ''));
}

function failure(kind: StoreErrorKind): () => StoreError {
  return () => new StoreError(kind, { action: 'use', object: 'memory', found: 'made to fail' });
}

beforeEach(() => {
  source = memoryBucket();
  target = memoryBucket();
  context = recordedContext();
  put(source, FULL, SMALL_FULL);
  for (const [at, delta] of DELTAS.entries()) {
    put(source, delta, DELTA_BYTES[at] ?? Buffer.of());
  }
});

describe('copyBackups', () => {
  test('everything arrives, byte for byte, a full before its deltas and those in order', async () => {
    put(source, FULL, LARGE_FULL);
    const result = await copyBackups(request(), context);
    assert.deepEqual(names(target), [FULL, ...DELTAS]);
    for (const [key, { bytes }] of source.objects) {
      assert.ok(target.objects.get(key)?.bytes.equals(bytes), key);
    }
    assert.deepEqual(
      result.copied.map((object) => object.target.name),
      [FULL, ...DELTAS],
    );
    assert.equal(result.present, 0);
  });

  test('a second run copies nothing, one after an interruption what is missing', async () => {
    const controller = new AbortController();
    const stopped = new Error('enough');
    const interrupted = { ...context, signal: controller.signal };
    const saved = target.objects.set.bind(target.objects);
    target.objects.set = (key, value) => {
      if (target.objects.size === 2) {
        controller.abort(stopped);
      }
      return saved(key, value);
    };
    await assert.rejects(copyBackups(request(), interrupted), stopped);
    const there = target.objects.size;
    assert.ok(there >= 3 && there < 7, `${there} objects`);
    assert.deepEqual(names(target), [FULL, ...DELTAS].slice(0, there));
    const second = await copyBackups(request(), context);
    assert.equal(second.present, there);
    assert.equal(second.copied.length, 7 - there);
    assert.equal((await copyBackups(request(), context)).copied.length, 0);
  });

  test('an object with another size is replaced', async () => {
    await copyBackups(request(), context);
    put(target, DELTAS[2] ?? '', Buffer.from('half'));
    const result = await copyBackups(request(), context);
    assert.deepEqual(
      result.copied.map(({ action, target: { name } }) => `${action} ${name}`),
      [`replace ${DELTAS[2]}`],
    );
    assert.deepEqual(
      target.objects.get(`main/v2/${DELTAS[2]}`)?.bytes,
      source.objects.get(`main/v2/${DELTAS[2]}`)?.bytes,
    );
  });

  test('a damaged object is never visible, nor is any delta after it; other chains are copied', async () => {
    const damaged = hashed(1000, 9);
    damaged[100] = (damaged[100] ?? 0) ^ 1;
    put(source, DELTAS[3] ?? '', damaged);
    put(source, 'Full-00000000-00000070-2000', hashed(10, 10));
    await assert.rejects(copyBackups(request(), context), {
      code: 'copy_incomplete',
      message: new RegExp(`cannot copy all backups to memory.*${DELTAS[3]}.*damaged.*run the same command again`),
    });
    assert.deepEqual(names(target).toSorted(), ['Full-00000000-00000070-2000', FULL, ...DELTAS.slice(0, 3)].toSorted());
  });

  test('what comes before a damaged object is still finished, however long it takes', async () => {
    put(source, DELTAS[3] ?? '', Buffer.alloc(1000));
    const discarded = Promise.withResolvers<void>();
    const watched: Bucket = {
      ...target,
      beginUpload: async (key, options) => {
        const upload = await target.beginUpload(key, options);
        const damaged = key.endsWith(DELTAS[3] ?? '');
        return {
          leftovers: upload.leftovers,
          writePart: (part, call) => upload.writePart(part, call),
          complete: (whole, call) => upload.complete(whole, call),
          abort: (call) => upload.abort(call).then(damaged ? discarded.resolve : undefined),
        };
      },
    };
    const slow: Bucket = {
      ...source,
      read: async (key, options) => {
        if (key.endsWith(DELTAS[1] ?? '')) {
          await discarded.promise;
        }
        return await source.read(key, options);
      },
    };
    await assert.rejects(copyBackups(request(slow, watched), context), { code: 'copy_incomplete' });
    assert.deepEqual(names(target), [FULL, ...DELTAS.slice(0, 3)]);
  });

  test('a full that cannot be copied leaves its deltas out', async () => {
    put(source, FULL, Buffer.alloc(5000));
    await assert.rejects(copyBackups(request(), context), { code: 'copy_incomplete' });
    assert.deepEqual(names(target), []);
  });

  test('what the source deletes meanwhile ends its chain, and the copy looks again', async () => {
    const deleting = faultyBucket(source);
    let listings = 0;
    const list = deleting.list.bind(deleting);
    deleting.list = async function* (prefix, options) {
      yield* list(prefix, options);
      listings += 1;
      if (prefix.endsWith('v2/') && listings <= 2) {
        source.objects.delete(`main/v2/${DELTAS[1]}`);
        put(source, 'Full-00000000-00000070-2000', hashed(10, 10));
      }
    };
    const result = await copyBackups(request(deleting), context);
    assert.deepEqual(result.vanished, []);
    assert.ok(names(target).includes('Full-00000000-00000070-2000'));
    assert.ok(context.lines.some(({ level, text }) => level === 'warn' && text.includes(`${DELTAS[1]} was deleted`)));
  });

  test('failures in passing are tried again', async () => {
    put(source, FULL, LARGE_FULL);
    const from = faultyBucket(source);
    const to = faultyBucket(target);
    from.fail('read', failure('transient'), 2);
    to.fail('writePart', failure('transient'), 2);
    await copyBackups(request(from, to), context);
    assert.deepEqual(names(target), [FULL, ...DELTAS]);
  });

  test('a target that refuses fails the copy', async () => {
    const to = faultyBucket(target);
    to.fail('beginUpload', failure('denied'), 100);
    await assert.rejects(copyBackups(request(source, to), context), {
      code: 'copy_incomplete',
      message: /0 objects copied, then Full-.* failed: cannot use memory: made to fail/,
    });
    assert.equal(target.objects.size, 0);
  });

  test('a source without a full is no success: its place may be mistyped', async () => {
    const alone = memoryBucket();
    put(alone, DELTAS[0] ?? '', hashed(10, 1));
    for (const [empty, message] of [
      [memoryBucket(), /^cannot copy from memory.*: it holds no full snapshot; check --source-store-container/],
      [
        alone,
        /^cannot copy from memory.*: it holds no full snapshot, only 1 delta that continues none; check --source/,
      ],
    ] as const) {
      const expected = { code: 'no_backup', message };
      await assert.rejects(copyBackups(request(empty), context), expected);
      await assert.rejects(planBackupCopy(request(empty), context), expected);
    }
    assert.equal(target.objects.size, 0);
  });
});

describe('companions', () => {
  const NEWER = 'Full-00000000-00000070-2000';
  const own = (full: string): string => full.replace(/^Full-\d+-/, 'Companion-').concat('.tar.gz');
  const alone = 'Companion-00000005-900.tar.gz';

  beforeEach(async () => {
    put(source, NEWER, hashed(10, 10));
    for (const name of [own(FULL), own(NEWER), alone]) {
      put(source, name, await archive());
    }
  });

  /** A small archive, as `snapshot --once --include` stores it. */
  async function archive(): Promise<Buffer> {
    using dir = makeTempDir();
    writeFileSync(dir.join('ca.key'), 'secret');
    const packed = packFiles([dir.join('ca.key')], { signal: context.signal, log: context.log });
    return Buffer.concat(await Array.fromAsync(compress(packed, 'gzip')));
  }

  function companionNames(bucket: MemoryBucket): readonly string[] {
    return names(bucket).filter((name) => name.startsWith('Companion-'));
  }

  test('are copied once, with all that belongs to no full any more', async () => {
    put(target, own(FULL), Buffer.from('half'));
    const { companions } = await copyBackups(request(), context);
    assert.deepEqual(companionNames(target).toSorted(), [own(FULL), own(NEWER), alone].toSorted());
    assert.deepEqual([companions.copied.length, companions.present], [3, 0]);
    for (const name of companionNames(target)) {
      const key = `main/v2/${name}`;
      assert.deepEqual(target.objects.get(key)?.bytes, source.objects.get(key)?.bytes);
    }
    const again = await copyBackups(request(), context);
    assert.deepEqual([again.companions.copied.length, again.companions.present], [0, 3]);
  });

  test('are those of the copied fulls when a limit leaves others out', async () => {
    await copyBackups({ ...request(), maxBackups: 1 }, context);
    assert.deepEqual(companionNames(target), [own(NEWER)]);
  });

  test('that are damaged are not copied and fail the copy, after everything else', async () => {
    const bytes = Buffer.from(source.objects.get(`main/v2/${own(FULL)}`)?.bytes ?? []);
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    put(source, own(FULL), bytes);
    put(source, alone, Buffer.alloc(0));
    await assert.rejects(copyBackups(request(), context), {
      code: 'copy_incomplete',
      message: new RegExp(`(${alone}|${own(FULL)}) failed: .*and 1 more failed`),
    });
    assert.deepEqual(companionNames(target), [own(NEWER)]);
    assert.ok(names(target).includes(NEWER));
  });

  test('that fail in passing are tried again', async () => {
    const from = faultyBucket(source);
    await copyBackups(request(), context);
    for (const name of companionNames(target)) {
      target.objects.delete(`main/v2/${name}`);
    }
    from.fail('read', failure('transient'), 3);
    await copyBackups(request(from), context);
    assert.equal(companionNames(target).length, 3);
  });
});

describe('progress of a copy', () => {
  /** Records what bars were given. */
  function recordedProgress(): { readonly progress: Progress; readonly bars: { total?: number; done: number[] }[] } {
    const bars: { total?: number; done: number[] }[] = [];
    const progress: Progress = {
      start({ label, unit, total }) {
        assert.deepEqual([label, unit], ['copy', 'bytes']);
        const bar = { ...(total === undefined ? {} : { total }), done: [0] };
        bars.push(bar);
        return {
          advance: (amount) => void bar.done.push((bar.done.at(-1) ?? 0) + amount),
          expect: () => assert.fail('the total is known from the beginning'),
          [Symbol.dispose]() {},
        };
      },
    };
    return { progress, bars };
  }

  test('one bar counts the bytes of all objects that are sent; those that are there already are not among them', async () => {
    put(source, 'Full-00000000-00000070-2000', hashed(70_000, 10));
    put(target, FULL, source.objects.get(`main/v2/${FULL}`)?.bytes ?? Buffer.of());
    put(target, DELTAS[0] ?? '', Buffer.from('half'));
    const { progress, bars } = recordedProgress();
    const result = await copyBackups(request(), { ...context, progress });
    assert.equal(result.present, 1);
    const sent = [...source.objects].filter(([key]) => !key.endsWith(FULL)).map(([, { bytes }]) => bytes.length);
    const total = sent.reduce((sum, size) => sum + size, 0);
    assert.deepEqual(
      bars.map((bar) => [bar.total, bar.done.at(-1)]),
      [[total, total]],
    );
    const steps = bars[0]?.done ?? [];
    assert.deepEqual(
      steps,
      steps.toSorted((a, b) => a - b),
    );
    assert.ok(steps.length >= sent.length, 'each object moves the bar');
  });

  test('bytes that have to be sent again count once', async () => {
    put(source, FULL, LARGE_FULL);
    const to = faultyBucket(target);
    to.fail('complete', failure('transient'), 2);
    const { progress, bars } = recordedProgress();
    await copyBackups(request(source, to), { ...context, progress });
    const total = [...source.objects.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
    assert.equal(bars[0]?.done.at(-1), total);
    assert.ok(
      bars[0]?.done.every((done) => done >= 0 && done <= total),
      'never more than everything',
    );
  });

  test('a terminal shows percent, rate and time left of the whole while an object is on its way', async () => {
    const shown: string[] = [];
    const line = { print: () => undefined, show: (text: string | undefined) => void shown.push(text ?? 'removed') };
    const underway = /^copy {2}[1-9]\d?% {2}\S+ \w+ of \S+ \w+ {2}\d\S* \wi?B\/s {2}\S+ left$/;
    put(source, FULL, LARGE_FULL);
    let now = 0;
    // Every look at the clock is late enough for the line to be drawn anew.
    const clock = { ...systemClock, monotonic: () => (now += 1_000) };
    const held: Bucket = {
      ...target,
      async beginUpload(key, options) {
        const upload = await target.beginUpload(key, options);
        const writePart: typeof upload.writePart = async (part, calling) => {
          if (key.endsWith(DELTAS[5] ?? '')) {
            await eventually(() => shown.find((text) => underway.test(text)), { describe: () => shown.join('\n') });
          }
          await upload.writePart(part, calling);
        };
        return { ...upload, writePart };
      },
    };
    const progress = terminalProgress({ line, clock });
    await copyBackups(request(source, held), { ...context, progress });
    assert.match(shown[0] ?? '', /^copy {2}0%/);
    assert.match(shown.at(-2) ?? '', /^copy {2}100% .*\/s {2}0s left$/);
    assert.equal(shown.at(-1), 'removed');
  });
});

describe('waitForFinal', () => {
  test('looks every 15 s until there is one', async () => {
    const clock = {
      ...context.clock,
      sleep: async (ms: number, signal?: AbortSignal) => {
        await context.clock.sleep(ms, signal);
        if (context.sleeps.length === 3) {
          put(source, 'Full-00000000-00000070-2000.gz.final', Buffer.from('x'));
          put(source, 'Full-00000000-00000071-2001.gz', Buffer.from('x'));
        }
      },
    };
    await waitForFinal(request(), undefined, { ...context, clock });
    assert.deepEqual(context.sleeps, [15_000, 15_000, 15_000]);
  });

  test('gives up after the timeout with a warning', async () => {
    await waitForFinal(request(), 40_000, context);
    assert.deepEqual(context.sleeps, [15_000, 15_000, 10_000]);
    assert.ok(context.lines.some(({ level, text }) => level === 'warn' && text.includes('40 s')));
  });

  test('a final full before four newer ones is history', async () => {
    put(source, 'Full-00000000-00000011-1001.final', Buffer.from('x'));
    for (let at = 0; at < 4; at++) {
      put(source, `Full-00000000-${pad(90 + at)}-${2000 + at}`, Buffer.from('x'));
    }
    await waitForFinal(request(), 1000, context);
    assert.deepEqual(context.sleeps, [1000]);
  });
});

describe('histories', () => {
  const LEFT = 'Incr-00000011-00000030-1001';
  const BEGUN = 'Full-00000000-00000010-2000';
  const marker: HistoryMarker = {
    name: 'History-2000-00000010.json',
    begunOn: 2000,
    why: 'rolled_back',
    shared: revision(10),
    first: `${BEGUN}.final`,
    clusterId: 'cdf8',
    left: [LEFT, `${LEFT}.final`],
  };

  beforeEach(() => {
    source.objects.clear();
    for (const [at, name] of [FULL, LEFT, BEGUN, 'Incr-00000011-00000015-2001'].entries()) {
      put(source, name, hashed(1000, at));
    }
  });

  test('that were left are not copied, and the target gets the marker', async () => {
    await store(source).histories.save(marker, { signal: context.signal });
    put(target, LEFT, hashed(1000, 9));
    const result = await copyBackups(request(), context);
    assert.equal(result.ofLeftHistories, 1);
    assert.equal(result.copied.length, 3);
    const { snapshots, markers } = await store(target).list({ signal: context.signal });
    assert.deepEqual(
      markers.map(({ name, first, left }) => ({ name, first, left })),
      [{ name: marker.name, first: BEGUN, left: [LEFT] }],
    );
    const { living, left } = historiesOf(snapshots, markers);
    assert.equal(living.snapshots.length, 3);
    assert.deepEqual(
      left[0]?.own.map(({ name }) => name),
      [LEFT],
    );
    assert.equal((await copyBackups(request(), context)).copied.length, 0);
  });

  test('are told apart in the target also where the copy ends after the first full of the new one', async () => {
    await store(source).histories.save(marker, { signal: context.signal });
    put(target, FULL, hashed(1000, 0));
    put(target, LEFT, hashed(1000, 1));
    put(source, 'Incr-00000011-00000015-2001', Buffer.alloc(1000));
    await assert.rejects(copyBackups(request(), context), { code: 'copy_incomplete' });
    const interrupted = await store(target).list({ signal: context.signal });
    const names = historiesOf(interrupted.snapshots, interrupted.markers).living.snapshots.map(({ name }) => name);
    assert.deepEqual(names, [FULL, BEGUN]);
    put(source, 'Incr-00000011-00000015-2001', hashed(1000, 3));
    await copyBackups(request(), context);
    const { markers, announcements } = await store(target).list({ signal: context.signal });
    assert.deepEqual([markers.map(({ name }) => name), announcements], [[marker.name], []]);
    assert.ok(target.objects.has(`main/v2/${marker.name}`));
  });

  test('are told apart in the target also where a later full of the new one is there before its first', async () => {
    const later = 'Full-00000000-00000015-2100';
    await store(source).histories.save(marker, { signal: context.signal });
    put(source, later, hashed(1000, 4));
    put(target, FULL, hashed(1000, 0));
    put(target, LEFT, hashed(1000, 1));
    put(source, BEGUN, Buffer.alloc(1000));
    await assert.rejects(copyBackups(request(), context), { code: 'copy_incomplete' });
    const interrupted = await store(target).list({ signal: context.signal });
    const names = historiesOf(interrupted.snapshots, interrupted.markers).living.snapshots.map(({ name }) => name);
    assert.deepEqual(names, [FULL, later]);
  });

  test('are told apart in the target also where the newest full cannot be copied', async () => {
    const later = 'Full-00000000-00000015-2100';
    await store(source).histories.save(marker, { signal: context.signal });
    put(source, later, Buffer.alloc(1000));
    put(target, FULL, hashed(1000, 0));
    put(target, LEFT, hashed(1000, 1));
    await assert.rejects(copyBackups(request(), context), { code: 'copy_incomplete' });
    const interrupted = await store(target).list({ signal: context.signal });
    const names = historiesOf(interrupted.snapshots, interrupted.markers).living.snapshots.map(({ name }) => name);
    assert.deepEqual(names, [FULL, BEGUN, 'Incr-00000011-00000015-2001']);
  });

  test('that no marker separates are both copied, whatever number is wanted', async () => {
    const result = await copyBackups({ ...request(), maxBackups: 1 }, context);
    assert.equal(result.copied.length, 4);
    assert.ok(context.lines.some(({ text }) => text.startsWith('The source may hold two histories')));
  });

  test('of what is not used for its name alone all is copied that can be read, to be compared there, too', async () => {
    const ahead = Math.floor(context.clock.now() / 1000) + 1_000_000;
    const [delta, damaged] = [`Incr-00000011-00000014-${ahead}`, `Full-00000000-00000012-${ahead}`];
    put(source, delta, hashed(1000, 7));
    put(source, damaged, Buffer.alloc(1000));
    await copyBackups({ ...request(), maxBackups: 1 }, context);
    assert.ok(target.objects.has(`main/v2/${delta}`));
    assert.ok(!target.objects.has(`main/v2/${damaged}`));
    assert.ok(context.lines.some(({ level, text }) => level === 'warn' && text.startsWith(damaged)));
  });

  const turns = (): number =>
    context.lines.filter(({ text }) => text.startsWith('THE TARGET HOLDS ANOTHER HISTORY')).length;

  test('of two clusters that meet in the target are named, once', async () => {
    source.objects.delete(`main/v2/${LEFT}`);
    put(target, 'Full-00000000-00000050-1500', hashed(1000, 7));
    await copyBackups(request(), context);
    assert.equal(turns(), 1);
    // What was there before is no news.
    put(source, 'Incr-00000016-00000020-2002', hashed(1000, 8));
    await copyBackups(request(), context);
    assert.equal(turns(), 1);
  });

  test('are none where the target holds what the source held before, or more of it', async () => {
    await store(source).histories.save(marker, { signal: context.signal });
    put(target, FULL, hashed(1000, 0));
    put(target, LEFT, hashed(1000, 1));
    await copyBackups(request(), context);
    assert.equal(turns(), 0);
  });
});
