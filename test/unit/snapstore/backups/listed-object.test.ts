import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readListed } from '../../../../src/snapstore/backups/listed-object.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { memoryBucket } from '../../../support/stores/memory-bucket.ts';
import { storeErrorOf } from '../../../support/stores/store-error-of.ts';

const { signal } = new AbortController();
const key = 'etcd-main/v2/Full-00000000-00000058-1795251532.gz';

function absent(): Promise<never> {
  return Promise.reject(new StoreError('not_found', { action: 'read', object: key, found: 'there is no such object' }));
}

describe('a listed object that the store says is not there', () => {
  it('was deleted meanwhile when it is not listed any more', async () => {
    const bucket = memoryBucket();
    await bucket.fill(['etcd-main/v2/Full-00000000-00000099-1795251539.gz']);
    const error = await storeErrorOf(readListed(key, absent, { bucket, signal }), 'not_found');
    assert.match(
      error.message,
      /^cannot read \S+: it was listed and is not there any more: .*; run it again, which begins with what is there now$/,
    );
  });

  it('shows a store that contradicts itself when it is still listed, which says nothing about the object', async () => {
    const bucket = memoryBucket();
    await bucket.fill([key]);
    const error = await storeErrorOf(readListed(key, absent, { bucket, signal }), 'invalid');
    assert.match(
      error.message,
      /there is no such object, and the store lists it all the same; run it again in some minutes/,
    );
  });

  it('is told as it was answered when the store does not list', async () => {
    const bucket = memoryBucket();
    const list = (): never => {
      throw new StoreError('denied', { action: 'list', object: 'memory', found: 'denied' });
    };
    const error = await storeErrorOf(readListed(key, absent, { bucket: { ...bucket, list }, signal }), 'not_found');
    assert.equal(error.message, `cannot read ${key}: there is no such object`);
  });

  it('is not looked for after another failure, nor when the run has ended', async () => {
    const bucket = memoryBucket();
    const denied = new StoreError('denied', { action: 'read', object: key, found: 'denied' });
    assert.equal(
      await storeErrorOf(
        readListed(key, () => Promise.reject(denied), { bucket, signal }),
        'denied',
      ),
      denied,
    );
    const ended = AbortSignal.abort(new Error('ended'));
    await assert.rejects(readListed(key, absent, { bucket, signal: ended }), /ended/);
  });
});
