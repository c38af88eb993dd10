import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ContentTag } from '../../../src/snapstore/content-tag.ts';
import { StoreError } from '../../../src/snapstore/store-error.ts';
import { collected, seededBytes } from '../../support/fixtures/byte-streams.ts';
import { type BucketRig, CHUNK, isStoreError, sha256 } from './bucket-rig.ts';

/** Objects come back as they were saved, whole or in ranges, to every kind of reader. */
export function roundTripCases(rig: BucketRig): void {
  const { put, get, entriesBelow, freshKey, signal } = rig;

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

  test('a part of an object that has another size than was listed, or was replaced meanwhile, is refused', async () => {
    const key = freshKey();
    const bytes = seededBytes(200_000, 12);
    await put(key, bytes);
    const tag = new ContentTag();
    const part = async (start: number, size = bytes.length): Promise<Buffer> =>
      await collected(await rig.bucket.read(key, { signal, range: { start, end: start + 100 }, size, tag }));
    assert.ok(bytes.subarray(0, 100).equals(await part(0)));
    assert.ok(bytes.subarray(150_000, 150_100).equals(await part(150_000)));
    await assert.rejects(part(100, bytes.length + 1), isStoreError('invalid'));
    await put(key, seededBytes(200_000, 13));
    await assert.rejects(part(100), isStoreError('invalid'));
  });

  test('an object that is shorter or longer than it was listed is refused, not read in part', async () => {
    const key = freshKey();
    await put(key, seededBytes(200_000, 14));
    for (const size of [0, 1, 199_999, 200_001, 400_000]) {
      const read = async (): Promise<Buffer> => await collected(await rig.bucket.read(key, { signal, size }));
      await assert.rejects(read(), isStoreError('invalid'), String(size));
    }
    const empty = freshKey();
    await put(empty, Buffer.alloc(0));
    const read = async (): Promise<Buffer> => await collected(await rig.bucket.read(empty, { signal, size: 1 }));
    await assert.rejects(read(), isStoreError('invalid'));
  });

  test('an absent object cannot be read', async () => {
    await assert.rejects(get(freshKey()), isStoreError('not_found'));
  });

  test('an object that is deleted while it is read arrives whole or fails', async () => {
    const key = freshKey();
    const bytes = seededBytes(2 * CHUNK, 18);
    await put(key, bytes);
    const body = await rig.bucket.read(key, { signal });
    await rig.bucket.delete(key, { signal });
    const outcome = await collected(body).then(sha256, (error: unknown) => error);
    assert.ok(outcome === sha256(bytes) || outcome instanceof StoreError, String(outcome));
  });

  test('a reader may stop early', async () => {
    const key = freshKey();
    await put(key, seededBytes(2 * CHUNK, 19));
    const body = await rig.bucket.read(key, { signal });
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
    for await (const piece of await rig.bucket.read(key, { signal })) {
      pieces.push(piece);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.ok(bytes.equals(Buffer.concat(pieces)));
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
}
