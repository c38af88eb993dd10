import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Bucket, ObjectEntry } from '../../src/snapstore/bucket.ts';
import { StoreError, type StoreErrorKind } from '../../src/snapstore/store-error.ts';
import { leastChunkSize } from '../../src/snapstore/upload/chunk-plan.ts';
import { uploadInChunks } from '../../src/snapstore/upload/uploader.ts';
import { collected, inPieces, seededBytes } from '../support/byte-streams.ts';
import { jumpingClock } from '../support/jumping-clock.ts';
import { RecordedLog } from '../support/recorded-log.ts';

/** A bucket under test. */
export interface OpenedSubject {
  readonly bucket: Bucket;
  release(): Promise<void>;
  /** A quicker way than uploads to make the many objects of the listing test, 1 byte each. */
  fill?(keys: readonly string[]): Promise<void>;
}

/** What is put to the test. */
export interface BucketSubject {
  /** As it stands in the report: `Local`, `S3 on Ceph RGW`. */
  readonly name: string;
  /** Opens an empty bucket. */
  open(): Promise<OpenedSubject>;
  /** Objects for the listing that goes over many pages; default 10,500. */
  readonly manyObjects?: number;
  /**
   * True where parts are objects of their own, named `KEY/<10 digits>`, that a listing shows beside the objects. The suite looks
   * past them, except where nothing may be left.
   */
  readonly listsParts?: boolean;
  /** Reason why the whole suite cannot run here, printed. */
  readonly skip?: string;
}

const CHUNK = leastChunkSize;

/** Names that break adapters which build URLs, XML or paths by hand. */
const ODD_NAMES = [
  'with space',
  'plus+and&amp;ersand=equals',
  'percent%20and%2Fslash',
  'hash#question?colon:semi;comma,',
  'quote\'double"back`tick',
  'ünïcödé-日本-🙂',
  'paren(s)[brackets]{braces}',
  'star*tilde~at@dollar$excl!caret^pipe|',
  '<angle>&"entities"',
  'dots...and.trailing.dot.x',
  '~tilde-first',
  `long-${'n'.repeat(200)}`,
];

/** Every duty of the {@link Bucket} contract as a test. */
export function bucketSuite(subject: BucketSubject): void {
  describe(`bucket: ${subject.name}`, { skip: subject.skip ?? false }, () => {
    let opened: OpenedSubject;
    let bucket: Bucket;
    let folder = 0;
    const { signal } = new AbortController();
    const stopped = new Error('stopped by the test');

    before(async () => {
      opened = await subject.open();
      bucket = opened.bucket;
    });
    after(async () => {
      await bucket.close();
      await opened.release();
    });

    /** A folder that no other test uses. */
    const freshFolder = (): string => {
      folder += 1;
      return `case-${folder}/`;
    };
    const freshKey = (): string => `${freshFolder()}object`;
    const put = (key: string, bytes: Uint8Array): Promise<ObjectEntry> =>
      upload(key, inPieces(bytes, 1_000_003), bytes.length);
    const upload = (
      key: string,
      body: AsyncIterable<Uint8Array>,
      sizeBound: number,
      uploadSignal = signal,
    ): Promise<ObjectEntry> =>
      uploadInChunks(
        bucket,
        { key, body, sizeBound, signal: uploadSignal },
        { parallel: 4, minChunkSize: CHUNK, clock: jumpingClock(), log: new RecordedLog() },
      );
    const get = async (key: string, range?: { readonly start: number; readonly end: number }): Promise<Buffer> =>
      await collected(await bucket.read(key, range === undefined ? { signal } : { signal, range }));
    const entriesBelow = async (prefix: string): Promise<ObjectEntry[]> =>
      (await Array.fromAsync(bucket.list(prefix, { signal }))).filter(({ key }) => isShown(key));
    /** All that is listed, parts as well. */
    const allKeysBelow = async (prefix: string): Promise<string[]> =>
      (await Array.fromAsync(bucket.list(prefix, { signal }))).map((entry) => entry.key).sort();
    const keysBelow = async (prefix: string): Promise<string[]> =>
      (await entriesBelow(prefix)).map((entry) => entry.key).sort();
    const isShown = (key: string): boolean => subject.listsParts !== true || !/\/\d{10}$/.test(key);

    const uploadAll = async (keys: readonly string[]): Promise<void> => {
      const queue = keys.values();
      const worker = async (): Promise<void> => {
        for (const key of queue) {
          await put(key, Buffer.from('x'));
        }
      };
      await Promise.all(Array.from({ length: 16 }, worker));
    };

    for (const [title, size] of [
      ['0 B', 0],
      ['1 B', 1],
      ['a chunk less one', CHUNK - 1],
      ['a chunk', CHUNK],
      ['a chunk and one', CHUNK + 1],
      ['three chunks and a bit', 3 * CHUNK + 12_345],
      ['64 MiB', 64 * 1024 * 1024],
    ] as const) {
      test(`round trip of ${title}`, async () => {
        const key = freshKey();
        const bytes = seededBytes(size, size + 1);
        const entry = await put(key, bytes);
        assert.equal(entry.key, key);
        assert.equal(entry.size, size);
        assert.equal(sha256(await get(key)), sha256(bytes));
        assert.deepEqual(
          (await entriesBelow(key)).map((listed) => [listed.key, listed.size]),
          [[key, size]],
        );
      });
    }

    test('all byte values survive', async () => {
      const key = freshKey();
      const bytes = Buffer.from(Array.from({ length: 1024 }, (_, at) => at % 256));
      await put(key, bytes);
      assert.ok(bytes.equals(await get(key)));
    });

    test('parts may come in any order', async () => {
      const key = freshKey();
      const bytes = seededBytes(2 * CHUNK + 10, 2);
      const parts = partsOf(bytes);
      const begun = await bucket.beginUpload(key, { signal, partSize: CHUNK });
      for (const part of parts.toReversed()) {
        await begun.writePart(part, { signal });
      }
      await begun.complete({ parts: parts.length, size: bytes.length }, { signal });
      assert.equal(sha256(await get(key)), sha256(bytes));
    });

    test('parts may come side by side', async () => {
      const key = freshKey();
      const bytes = seededBytes(3 * CHUNK, 3);
      const parts = partsOf(bytes);
      const begun = await bucket.beginUpload(key, { signal, partSize: CHUNK });
      await Promise.all(parts.map((part) => begun.writePart(part, { signal })));
      await begun.complete({ parts: parts.length, size: bytes.length }, { signal });
      assert.equal(sha256(await get(key)), sha256(bytes));
    });

    test('a part written again replaces its first form', async () => {
      const key = freshKey();
      const bytes = seededBytes(CHUNK + 10, 4);
      const [first, second] = partsOf(bytes);
      assert.ok(first !== undefined && second !== undefined);
      const begun = await bucket.beginUpload(key, { signal, partSize: CHUNK });
      await begun.writePart({ ...first, bytes: Buffer.alloc(CHUNK) }, { signal });
      await begun.writePart(first, { signal });
      await begun.writePart(second, { signal });
      await begun.complete({ parts: 2, size: bytes.length }, { signal });
      assert.equal(sha256(await get(key)), sha256(bytes));
    });

    test('nothing is visible before the upload is complete', async () => {
      const prefix = freshFolder();
      const begun = await bucket.beginUpload(`${prefix}object`, { signal, partSize: CHUNK });
      await begun.writePart({ number: 1, offset: 0, bytes: Buffer.from('part') }, { signal });
      assert.deepEqual(await keysBelow(prefix), []);
      await assert.rejects(get(`${prefix}object`), isStoreError('not_found'));
      await begun.complete({ parts: 1, size: 4 }, { signal });
      assert.deepEqual(await keysBelow(prefix), [`${prefix}object`]);
    });

    test('nothing is left of an aborted upload', async () => {
      const prefix = freshFolder();
      const begun = await bucket.beginUpload(`${prefix}object`, { signal, partSize: CHUNK });
      await begun.writePart({ number: 1, offset: 0, bytes: seededBytes(CHUNK, 5) }, { signal });
      await begun.abort();
      assert.deepEqual(await allKeysBelow(prefix), []);
      await assert.rejects(get(`${prefix}object`), isStoreError('not_found'));
    });

    test('an upload may be aborted twice, and before its first part', async () => {
      const prefix = freshFolder();
      const begun = await bucket.beginUpload(`${prefix}object`, { signal, partSize: CHUNK });
      await begun.abort();
      await begun.abort();
      assert.deepEqual(await allKeysBelow(prefix), []);
    });

    test('an upload cannot be completed with another size', async () => {
      const prefix = freshFolder();
      const begun = await bucket.beginUpload(`${prefix}object`, { signal, partSize: CHUNK });
      await begun.writePart({ number: 1, offset: 0, bytes: Buffer.from('part') }, { signal });
      await assert.rejects(begun.complete({ parts: 1, size: 5 }, { signal }), StoreError);
      await begun.abort();
      assert.deepEqual(await allKeysBelow(prefix), []);
    });

    test('an overwritten object is wholly the new one', async () => {
      const key = freshKey();
      await put(key, seededBytes(200_000, 6));
      await put(key, Buffer.from('short'));
      assert.equal((await get(key)).toString(), 'short');
      assert.deepEqual(
        (await entriesBelow(key)).map((entry) => entry.size),
        [5],
      );
      await put(key, seededBytes(CHUNK + 5, 7));
      assert.equal(sha256(await get(key)), sha256(seededBytes(CHUNK + 5, 7)));
    });

    test('the old object stays while a new one is on its way, and when that is aborted', async () => {
      const key = freshKey();
      await put(key, Buffer.from('old'));
      const begun = await bucket.beginUpload(key, { signal, partSize: CHUNK });
      await begun.writePart({ number: 1, offset: 0, bytes: Buffer.from('new') }, { signal });
      assert.equal((await get(key)).toString(), 'old');
      await begun.abort();
      assert.equal((await get(key)).toString(), 'old');
    });

    test('of two uploads of one key at once, one is there whole', async () => {
      const key = freshKey();
      const bodies = [seededBytes(CHUNK + 100, 8), seededBytes(CHUNK + 200, 9)];
      const results = await Promise.allSettled(bodies.map((body) => put(key, body)));
      assert.ok(results.some((result) => result.status === 'fulfilled'));
      const found = sha256(await get(key));
      assert.ok(bodies.some((body) => sha256(body) === found));
    });

    test('ten uploads of different keys at once', async () => {
      const prefix = freshFolder();
      const names = Array.from({ length: 10 }, (_, at) => `${prefix}${at}`);
      await Promise.all(names.map((name, at) => put(name, seededBytes(10_000 + at, at))));
      assert.deepEqual(await keysBelow(prefix), names);
      for (const [at, name] of names.entries()) {
        assert.equal(sha256(await get(name)), sha256(seededBytes(10_000 + at, at)));
      }
    });

    for (const [title, range] of [
      ['the middle', { start: 100, end: 5000 }],
      ['the beginning', { start: 0, end: 1 }],
      ['the end', { start: 199_990, end: 200_000 }],
      ['beyond the end', { start: 199_990, end: 300_000 }],
      ['nothing', { start: 50, end: 50 }],
    ] as const) {
      test(`a range: ${title}`, async () => {
        const key = freshKey();
        const bytes = seededBytes(200_000, 10);
        await put(key, bytes);
        assert.ok(bytes.subarray(range.start, range.end).equals(await get(key, range)));
      });
    }

    test('a range across parts', async () => {
      const key = freshKey();
      const bytes = seededBytes(2 * CHUNK, 11);
      await put(key, bytes);
      const range = { start: CHUNK - 1000, end: CHUNK + 1000 };
      assert.ok(bytes.subarray(range.start, range.end).equals(await get(key, range)));
    });

    test('an absent object cannot be read', async () => {
      await assert.rejects(get(freshKey()), isStoreError('not_found'));
    });

    test('an absent object cannot be deleted', async () => {
      await assert.rejects(bucket.delete(freshKey(), { signal }), isStoreError('not_found'));
    });

    test('an absent folder lists nothing', async () => {
      assert.deepEqual(await keysBelow(freshFolder()), []);
    });

    test('a deleted object is gone', async () => {
      const prefix = freshFolder();
      await put(`${prefix}gone`, seededBytes(CHUNK + 1, 12));
      await put(`${prefix}kept`, Buffer.from('kept'));
      await bucket.delete(`${prefix}gone`, { signal });
      assert.deepEqual(await keysBelow(prefix), [`${prefix}kept`]);
      assert.deepEqual(await allKeysBelow(`${prefix}gone`), []);
      await assert.rejects(get(`${prefix}gone`), isStoreError('not_found'));
      await assert.rejects(bucket.delete(`${prefix}gone`, { signal }), isStoreError('not_found'));
      await put(`${prefix}gone`, Buffer.from('again'));
      assert.equal((await get(`${prefix}gone`)).toString(), 'again');
    });

    test('a listing holds what begins with its prefix, and nothing else', async () => {
      const prefix = freshFolder();
      const names = ['v1/Backup-1/a', 'v2/a', 'v2/ab', 'v2/b/0000000001', 'v20/a', 'v'].map(
        (name) => `${prefix}${name}`,
      );
      for (const name of names) {
        await put(name, Buffer.from(name));
      }
      assert.deepEqual(await keysBelow(prefix), names.filter(isShown).toSorted());
      const inFolder = ['v2/a', 'v2/ab', 'v2/b/0000000001'].map((name) => `${prefix}${name}`);
      assert.deepEqual(await keysBelow(`${prefix}v2/`), inFolder.filter(isShown));
      assert.deepEqual(await keysBelow(`${prefix}v2/a`), [`${prefix}v2/a`, `${prefix}v2/ab`]);
      assert.deepEqual(await keysBelow(`${prefix}v1/`), [`${prefix}v1/Backup-1/a`]);
    });

    test('a listing tells sizes and times', async () => {
      const key = freshKey();
      const begun = Date.now();
      const saved = await put(key, Buffer.alloc(1234));
      const [entry] = await entriesBelow(key);
      assert.equal(entry?.size, 1234);
      // Servers count in whole seconds, and their clocks are not quite ours.
      assert.ok(Math.abs((entry?.modifiedAt ?? 0) - begun) < 60_000);
      assert.ok(Math.abs((entry?.modifiedAt ?? 0) - saved.modifiedAt) < 2000);
    });

    test('a listing of many pages is complete and names each object once', { timeout: 600_000 }, async () => {
      const prefix = freshFolder();
      const count = subject.manyObjects ?? 10_500;
      const names = Array.from({ length: count }, (_, at) => `${prefix}${String(at).padStart(6, '0')}`);
      await (opened.fill ?? uploadAll)(names);
      assert.deepEqual(await keysBelow(prefix), names);
    });

    for (const name of ODD_NAMES) {
      test(`an odd name: ${name.slice(0, 40)}`, async () => {
        const prefix = freshFolder();
        const key = `${prefix}${name}`;
        await put(key, Buffer.from(name));
        assert.deepEqual(await keysBelow(prefix), [key]);
        assert.equal((await get(key)).toString(), name);
        await bucket.delete(key, { signal });
        assert.deepEqual(await allKeysBelow(prefix), []);
      });
    }

    test('a call that is cancelled beforehand fails with the reason', async () => {
      const cancelled = AbortSignal.abort(stopped);
      const key = freshKey();
      await put(key, Buffer.from('kept'));
      const options = { signal: cancelled };
      await assert.rejects(Array.fromAsync(bucket.list(key, options)), stopped);
      await assert.rejects(bucket.read(key, options), stopped);
      await assert.rejects(bucket.beginUpload(key, { ...options, partSize: CHUNK }), stopped);
      await assert.rejects(bucket.delete(key, options), stopped);
      await assert.rejects(upload(key, inPieces(Buffer.from('new'), 10), 3, cancelled), stopped);
      assert.equal((await get(key)).toString(), 'kept');
    });

    test('a read that is cancelled fails with the reason and never ends short', async () => {
      const key = freshKey();
      await put(key, seededBytes(4 * CHUNK, 13));
      const controller = new AbortController();
      const body = await bucket.read(key, { signal: controller.signal });
      let received = 0;
      const reading = (async () => {
        for await (const piece of body) {
          received += piece.length;
          controller.abort(stopped);
        }
      })();
      await assert.rejects(reading, stopped);
      assert.ok(received < 4 * CHUNK);
    });

    test('an upload that is cancelled between its parts leaves nothing', async () => {
      const prefix = freshFolder();
      const controller = new AbortController();
      async function* body(): AsyncGenerator<Uint8Array> {
        yield seededBytes(CHUNK + 1, 14);
        controller.abort(stopped);
        yield seededBytes(CHUNK + 1, 15);
      }
      await assert.rejects(upload(`${prefix}object`, body(), 3 * CHUNK, controller.signal), stopped);
      assert.deepEqual(await allKeysBelow(prefix), []);
    });

    test('an upload that is cancelled while its source stalls leaves nothing', async () => {
      const prefix = freshFolder();
      const controller = new AbortController();
      async function* body(): AsyncGenerator<Uint8Array> {
        yield seededBytes(CHUNK + 1, 16);
        setTimeout(() => controller.abort(stopped), 20);
        await new Promise(() => undefined);
      }
      await assert.rejects(upload(`${prefix}object`, body(), 3 * CHUNK, controller.signal), stopped);
      assert.deepEqual(await allKeysBelow(prefix), []);
    });

    test('an upload that is cancelled before completion is not completed', async () => {
      const prefix = freshFolder();
      const begun = await bucket.beginUpload(`${prefix}object`, { signal, partSize: CHUNK });
      await begun.writePart({ number: 1, offset: 0, bytes: Buffer.from('part') }, { signal });
      await assert.rejects(begun.complete({ parts: 1, size: 4 }, { signal: AbortSignal.abort(stopped) }), stopped);
      await begun.abort();
      assert.deepEqual(await allKeysBelow(prefix), []);
    });

    test('a part that is cancelled fails with the reason', async () => {
      const prefix = freshFolder();
      const begun = await bucket.beginUpload(`${prefix}object`, { signal, partSize: CHUNK });
      const options = { signal: AbortSignal.abort(stopped) };
      await assert.rejects(begun.writePart({ number: 1, offset: 0, bytes: Buffer.from('part') }, options), stopped);
      await begun.abort();
      assert.deepEqual(await allKeysBelow(prefix), []);
    });

    test('a source that fails leaves nothing, and its error is what is thrown', async () => {
      const prefix = freshFolder();
      const lost = new Error('etcd went away');
      async function* body(): AsyncGenerator<Uint8Array> {
        yield seededBytes(2 * CHUNK + 1, 17);
        throw lost;
      }
      await assert.rejects(upload(`${prefix}object`, body(), 4 * CHUNK), lost);
      assert.deepEqual(await allKeysBelow(prefix), []);
    });

    test('an object that is deleted while it is read comes whole or fails', async () => {
      const key = freshKey();
      const bytes = seededBytes(2 * CHUNK, 18);
      await put(key, bytes);
      const body = await bucket.read(key, { signal });
      await bucket.delete(key, { signal });
      const outcome = await collected(body).then(sha256, (error: unknown) => error);
      assert.ok(outcome === sha256(bytes) || outcome instanceof StoreError, String(outcome));
    });

    test('a reader may stop early', async () => {
      const key = freshKey();
      await put(key, seededBytes(2 * CHUNK, 19));
      const body = await bucket.read(key, { signal });
      for await (const _ of body) {
        break;
      }
      assert.ok(body.destroyed);
      assert.equal((await get(key, { start: 0, end: 10 })).length, 10);
    });

    test('two readers do not disturb each other', async () => {
      const key = freshKey();
      const bytes = seededBytes(CHUNK, 20);
      await put(key, bytes);
      const [first, second] = await Promise.all([get(key), get(key)]);
      assert.equal(sha256(first), sha256(bytes));
      assert.equal(sha256(second), sha256(bytes));
    });

    test('a slow reader gets everything', async () => {
      const key = freshKey();
      const bytes = seededBytes(300_000, 21);
      await put(key, bytes);
      const pieces: Uint8Array[] = [];
      for await (const piece of await bucket.read(key, { signal })) {
        pieces.push(piece);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      assert.ok(bytes.equals(Buffer.concat(pieces)));
    });

    test('traits and location are of use', () => {
      assert.ok(bucket.traits.maxParts >= 31);
      assert.ok(bucket.traits.minPartSize >= 0);
      assert.ok(bucket.location.length > 0 && !bucket.location.endsWith('/'));
    });

    test('errors name the action and the object', async () => {
      const key = freshKey();
      await assert.rejects(get(key), (error) => {
        assert.ok(error instanceof StoreError);
        assert.ok(error.message.includes(key), error.message);
        assert.match(error.message, /^cannot /);
        return true;
      });
    });
  });
}

function partsOf(bytes: Buffer): { readonly number: number; readonly offset: number; readonly bytes: Buffer }[] {
  return Array.from({ length: Math.ceil(bytes.length / CHUNK) }, (_, at) => ({
    number: at + 1,
    offset: at * CHUNK,
    bytes: bytes.subarray(at * CHUNK, (at + 1) * CHUNK),
  }));
}

function isStoreError(kind: StoreErrorKind): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.kind, kind, error.message);
    return true;
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
