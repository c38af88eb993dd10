import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreError } from '../../../src/snapstore/store-error.ts';
import { inPieces, seededBytes } from '../../support/fixtures/byte-streams.ts';
import { type BucketRig, CHUNK, partsOf, sha256, stopped } from './bucket-rig.ts';

/** A call that is cancelled, in whatever phase, fails with the reason and leaves nothing. */
export function cancellationCases(rig: BucketRig): void {
  const { allKeysBelow, fill, freshFolder, freshKey, get, keysBelow, put, signal, upload } = rig;

  test('a call that is cancelled beforehand fails with the reason', async () => {
    const cancelled = AbortSignal.abort(stopped);
    const key = freshKey();
    await put(key, Buffer.from('kept'));
    const options = { signal: cancelled };
    await assert.rejects(Array.fromAsync(rig.bucket.list(key, options)), stopped);
    await assert.rejects(rig.bucket.read(key, options), stopped);
    await assert.rejects(rig.bucket.beginUpload(key, { ...options, partSize: CHUNK }), stopped);
    await assert.rejects(rig.bucket.delete(key, options), stopped);
    await assert.rejects(upload(key, inPieces(Buffer.from('new'), 10), 3, { signal: cancelled }), stopped);
    assert.equal((await get(key)).toString(), 'kept');
  });

  test('a read that is cancelled fails with the reason and never ends short', async () => {
    const key = freshKey();
    await put(key, seededBytes(4 * CHUNK, 13));
    const controller = new AbortController();
    const body = await rig.bucket.read(key, { signal: controller.signal });
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
    await assert.rejects(upload(`${prefix}object`, body(), 3 * CHUNK, { signal: controller.signal }), stopped);
    assert.deepEqual(await allKeysBelow(prefix), []);
  });

  test('an upload that is cancelled while its source stalls leaves nothing', async () => {
    const prefix = freshFolder();
    const controller = new AbortController();
    async function* body(): AsyncGenerator<Uint8Array> {
      yield seededBytes(CHUNK + 1, 16);
      await new Promise(() => undefined);
    }
    // When a part has arrived: the store may still carry out what is cut short under way, long after, on a busy machine.
    const onUploaded = (): void => controller.abort(stopped);
    await assert.rejects(
      upload(`${prefix}object`, body(), 3 * CHUNK, { signal: controller.signal, onUploaded }),
      stopped,
    );
    assert.deepEqual(await allKeysBelow(prefix), []);
  });

  test('an upload that is cancelled before completion is not completed', async () => {
    const prefix = freshFolder();
    const begun = await rig.bucket.beginUpload(`${prefix}object`, { signal, partSize: CHUNK });
    await begun.writePart({ number: 1, offset: 0, bytes: Buffer.from('part') }, { signal });
    await assert.rejects(begun.complete({ parts: 1, size: 4 }, { signal: AbortSignal.abort(stopped) }), stopped);
    await begun.abort({ signal });
    assert.deepEqual(await allKeysBelow(prefix), []);
  });

  test('a part that is cancelled fails with the reason', async () => {
    const prefix = freshFolder();
    const begun = await rig.bucket.beginUpload(`${prefix}object`, { signal, partSize: CHUNK });
    const options = { signal: AbortSignal.abort(stopped) };
    await assert.rejects(begun.writePart({ number: 1, offset: 0, bytes: Buffer.from('part') }, options), stopped);
    await begun.abort({ signal });
    assert.deepEqual(await allKeysBelow(prefix), []);
  });

  test('a part that is cancelled meanwhile leaves nothing', async () => {
    const prefix = freshFolder();
    const controller = new AbortController();
    const begun = await rig.bucket.beginUpload(`${prefix}object`, { signal, partSize: CHUNK });
    const bytes = seededBytes(CHUNK, 22);
    const sending = begun.writePart({ number: 1, offset: 0, bytes }, { signal: controller.signal });
    setImmediate(() => controller.abort(stopped));
    await sending.catch(isStopped);
    await begun.abort({ signal });
    assert.deepEqual(await allKeysBelow(prefix), []);
  });

  test('a completion that is cancelled meanwhile is whole or leaves nothing', async () => {
    const key = freshKey();
    const bytes = seededBytes(CHUNK + 9, 23);
    const controller = new AbortController();
    const begun = await rig.bucket.beginUpload(key, { signal, partSize: CHUNK });
    for (const part of partsOf(bytes)) {
      await begun.writePart(part, { signal });
    }
    const completing = begun.complete({ parts: 2, size: bytes.length }, { signal: controller.signal });
    setImmediate(() => controller.abort(stopped));
    const done = await completing.then(
      () => true,
      (error: unknown) => {
        isStopped(error);
        return false;
      },
    );
    if (!done) {
      await begun.abort({ signal });
    }
    // The request may have arrived although its answer was not waited for.
    if (done || (await keysBelow(key)).length > 0) {
      assert.equal(sha256(await get(key)), sha256(bytes));
    } else {
      assert.deepEqual(await allKeysBelow(key), []);
    }
  });

  test('a listing that is cancelled meanwhile fails with the reason or is whole', async () => {
    const prefix = freshFolder();
    const keys = Array.from({ length: 5 }, (_, at) => `${prefix}${at}`);
    await fill(keys);
    const controller = new AbortController();
    const seen: string[] = [];
    const listing = (async () => {
      for await (const { key } of rig.bucket.list(prefix, { signal: controller.signal })) {
        seen.push(key);
        controller.abort(stopped);
      }
      return seen.length;
    })();
    const outcome = await listing.catch(isStopped);
    assert.ok(outcome === undefined || outcome === keys.length);
  });

  test('a delete that is cancelled meanwhile is done or not done', async () => {
    const key = freshKey();
    await put(key, Buffer.from('whole'));
    const controller = new AbortController();
    const deleting = rig.bucket.delete(key, { signal: controller.signal });
    setImmediate(() => controller.abort(stopped));
    await deleting.catch(isStopped);
    const left = await get(key).catch((error: unknown) => error);
    assert.ok(left instanceof StoreError ? left.kind === 'not_found' : String(left) === 'whole', String(left));
  });
}

function isStopped(error: unknown): undefined {
  assert.equal(error, stopped);
}
