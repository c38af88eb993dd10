import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObjectEntry } from '../../../src/snapstore/bucket.ts';
import { StoreError, type StoreErrorKind } from '../../../src/snapstore/store-error.ts';
import { uploadInChunks } from '../../../src/snapstore/upload/uploader.ts';
import { type JumpingClock, jumpingClock } from '../../support/clock/jumping-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';
import { inPieces, seededBytes } from '../../support/fixtures/byte-streams.ts';
import { type FaultyBucket, faultyBucket } from '../../support/stores/faulty-bucket.ts';
import { type BucketRig, CHUNK, isStoreError, sha256 } from './bucket-rig.ts';

/** The waits between the tries of a part, ms. */
const delays = [1000, 2000, 4000, 8000, 16_000];

const failure = (kind: StoreErrorKind) => (): StoreError =>
  new StoreError(kind, { action: 'reach', object: 'the store', found: 'the test said so' });

/** Uploads whose requests fail on the way to the bucket: how often they are tried, and what is left when they give up. */
export function retryCases(rig: BucketRig): void {
  const { allKeysBelow, freshFolder, get, signal } = rig;

  const throughFaults = (): {
    readonly faulty: FaultyBucket;
    readonly clock: JumpingClock;
    readonly log: RecordedLog;
    readonly upload: (key: string, bytes: Buffer) => Promise<ObjectEntry>;
  } => {
    const faulty = faultyBucket(rig.bucket);
    const clock = jumpingClock();
    const log = new RecordedLog();
    const upload = (key: string, bytes: Buffer): Promise<ObjectEntry> =>
      uploadInChunks(
        faulty,
        { key, body: inPieces(bytes, 1_000_003), sizeBound: bytes.length, signal },
        { parallel: 2, minChunkSize: CHUNK, clock, log },
      );
    return { faulty, clock, log, upload };
  };

  test('a part that fails five times arrives with the sixth try', async () => {
    const key = `${freshFolder()}object`;
    const { faulty, clock, log, upload } = throughFaults();
    faulty.fail('writePart', failure('transient'), 5);
    await upload(key, Buffer.from('persistent'));
    assert.equal(faulty.calls.writePart, 6);
    assert.deepEqual(clock.sleeps, delays);
    assert.equal(log.count(/again/), 5);
    assert.equal((await get(key)).toString(), 'persistent');
  });

  test('a part that fails six times ends the upload and leaves nothing', async () => {
    const prefix = freshFolder();
    const { faulty, clock, upload } = throughFaults();
    faulty.fail('writePart', failure('transient'), 6);
    await assert.rejects(upload(`${prefix}object`, Buffer.from('in vain')), isStoreError('transient'));
    assert.equal(faulty.calls.writePart, 6);
    assert.deepEqual(clock.sleeps, delays);
    assert.equal(faulty.calls.complete, 0);
    assert.equal(faulty.calls.abort, 1);
    assert.deepEqual(await allKeysBelow(prefix), []);
  });

  test('only the part that failed is sent again', async () => {
    const key = `${freshFolder()}object`;
    const bytes = seededBytes(2 * CHUNK + 1, 30);
    const { faulty, log, upload } = throughFaults();
    faulty.fail('writePart', failure('transient'), 1);
    await upload(key, bytes);
    assert.equal(log.count(/^trying part/), 1);
    assert.equal(faulty.calls.writePart, 4);
    assert.equal(sha256(await get(key)), sha256(bytes));
  });

  test('a part that is refused is not tried again, and nothing is left', async () => {
    const prefix = freshFolder();
    const { faulty, clock, upload } = throughFaults();
    faulty.fail('writePart', failure('denied'), 1);
    await assert.rejects(upload(`${prefix}object`, Buffer.from('forbidden')), isStoreError('denied'));
    assert.equal(faulty.calls.writePart, 1);
    assert.deepEqual(clock.sleeps, []);
    assert.deepEqual(await allKeysBelow(prefix), []);
  });

  test('the beginning of an upload is tried again', async () => {
    const key = `${freshFolder()}object`;
    const { faulty, clock, upload } = throughFaults();
    faulty.fail('beginUpload', failure('transient'), 2);
    await upload(key, Buffer.from('begun'));
    assert.equal(faulty.calls.beginUpload, 3);
    assert.deepEqual(clock.sleeps, delays.slice(0, 2));
    assert.equal((await get(key)).toString(), 'begun');
  });

  test('an upload whose completion fails leaves nothing', async () => {
    const prefix = freshFolder();
    const { faulty, upload } = throughFaults();
    faulty.fail('complete', failure('quota'), 1);
    await assert.rejects(upload(`${prefix}object`, seededBytes(CHUNK + 1, 31)), isStoreError('quota'));
    assert.equal(faulty.calls.abort, 1);
    assert.deepEqual(await allKeysBelow(prefix), []);
  });
}
