import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreError } from '../../../src/snapstore/store-error.ts';
import { digestsOf } from '../../../src/snapstore/upload/part-digests.ts';
import { seededBytes } from '../../support/fixtures/byte-streams.ts';
import { type BucketRig, CHUNK, isStoreError, partsOf, sha256 } from './bucket-rig.ts';

/** Parts in any order, and nothing visible but whole objects. */
export function uploadCases(rig: BucketRig): void {
  const { put, get, upload, entriesBelow, keysBelow, allKeysBelow, freshFolder, freshKey, signal } = rig;

  test('parts may come in any order', async () => {
    const key = freshKey();
    const bytes = seededBytes(2 * CHUNK + 10, 2);
    const parts = partsOf(bytes);
    const begun = await rig.bucket.beginUpload(key, { signal, partSize: CHUNK });
    for (const part of parts.toReversed()) {
      await begun.writePart(part, { signal });
    }
    await begun.complete({ parts: parts.length, size: bytes.length }, { signal });
    assert.equal(sha256(await get(key)), sha256(bytes));
  });

  test('parts may come at the same time', async () => {
    const key = freshKey();
    const bytes = seededBytes(3 * CHUNK, 3);
    const parts = partsOf(bytes);
    const begun = await rig.bucket.beginUpload(key, { signal, partSize: CHUNK });
    await Promise.all(parts.map((part) => begun.writePart(part, { signal })));
    await begun.complete({ parts: parts.length, size: bytes.length }, { signal });
    assert.equal(sha256(await get(key)), sha256(bytes));
  });

  test('a part that is written again replaces the first one', async () => {
    const key = freshKey();
    const bytes = seededBytes(CHUNK + 10, 4);
    const [first, second] = partsOf(bytes);
    assert.ok(first !== undefined && second !== undefined);
    const begun = await rig.bucket.beginUpload(key, { signal, partSize: CHUNK });
    await begun.writePart({ ...first, bytes: Buffer.alloc(CHUNK) }, { signal });
    await begun.writePart(first, { signal });
    await begun.writePart(second, { signal });
    await begun.complete({ parts: 2, size: bytes.length }, { signal });
    assert.equal(sha256(await get(key)), sha256(bytes));
  });

  test('given digests of a part are used: wrong ones are noticed', async () => {
    const prefix = freshFolder();
    const wanted = rig.bucket.traits.partDigests;
    const bytes = seededBytes(100_000, 14);
    const right = digestsOf(bytes, wanted);
    const wrong = digestsOf(seededBytes(100_000, 15), wanted);
    for (const digest of wanted.filter((name) => rig.subject.unknownDigests?.includes(name) !== true)) {
      const begun = await rig.bucket.beginUpload(`${prefix}object`, { signal, partSize: CHUNK });
      const digests = { ...right, [digest]: wrong[digest] };
      await assert.rejects(begun.writePart({ number: 1, offset: 0, bytes, digests }, { signal }), StoreError, digest);
      await begun.abort({ signal });
      assert.deepEqual(await keysBelow(prefix), [], digest);
    }
    const begun = await rig.bucket.beginUpload(`${prefix}object`, { signal, partSize: CHUNK });
    await begun.writePart({ number: 1, offset: 0, bytes, digests: right }, { signal });
    await begun.complete({ parts: 1, size: bytes.length }, { signal });
    assert.ok((await get(`${prefix}object`)).equals(bytes));
  });

  test('nothing is visible before the upload is complete', async () => {
    const prefix = freshFolder();
    const begun = await rig.bucket.beginUpload(`${prefix}object`, { signal, partSize: CHUNK });
    await begun.writePart({ number: 1, offset: 0, bytes: Buffer.from('part') }, { signal });
    assert.deepEqual(await keysBelow(prefix), []);
    await assert.rejects(get(`${prefix}object`), isStoreError('not_found'));
    await begun.complete({ parts: 1, size: 4 }, { signal });
    assert.deepEqual(await keysBelow(prefix), [`${prefix}object`]);
  });

  test('nothing is left of an aborted upload', async () => {
    const prefix = freshFolder();
    const begun = await rig.bucket.beginUpload(`${prefix}object`, { signal, partSize: CHUNK });
    await begun.writePart({ number: 1, offset: 0, bytes: seededBytes(CHUNK, 5) }, { signal });
    await begun.abort({ signal });
    assert.deepEqual(await allKeysBelow(prefix), []);
    await assert.rejects(get(`${prefix}object`), isStoreError('not_found'));
  });

  test('an upload may be aborted twice, and before its first part', async () => {
    const prefix = freshFolder();
    const begun = await rig.bucket.beginUpload(`${prefix}object`, { signal, partSize: CHUNK });
    await begun.abort({ signal });
    await begun.abort({ signal });
    assert.deepEqual(await allKeysBelow(prefix), []);
  });

  test('an upload cannot be completed with another size', async () => {
    const prefix = freshFolder();
    const begun = await rig.bucket.beginUpload(`${prefix}object`, { signal, partSize: CHUNK });
    await begun.writePart({ number: 1, offset: 0, bytes: Buffer.from('part') }, { signal });
    await assert.rejects(begun.complete({ parts: 1, size: 5 }, { signal }), StoreError);
    await begun.abort({ signal });
    assert.deepEqual(await allKeysBelow(prefix), []);
  });

  test('an overwritten object has the new bytes only', async () => {
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

  test('the old object remains while a new one is uploaded, and when that is aborted', async () => {
    const key = freshKey();
    await put(key, Buffer.from('old'));
    const begun = await rig.bucket.beginUpload(key, { signal, partSize: CHUNK });
    await begun.writePart({ number: 1, offset: 0, bytes: Buffer.from('new') }, { signal });
    assert.equal((await get(key)).toString(), 'old');
    await begun.abort({ signal });
    assert.equal((await get(key)).toString(), 'old');
  });

  test('of two uploads to one key at once, one arrives whole', async () => {
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

  test('traits and location are sensible', () => {
    assert.ok(rig.bucket.traits.maxParts >= 31);
    assert.ok(rig.bucket.traits.minPartSize >= 0);
    assert.ok(rig.bucket.location.length > 0 && !rig.bucket.location.endsWith('/'));
  });
}
