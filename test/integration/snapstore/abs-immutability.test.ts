import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkStore } from '../../../src/operations/check-store/check-store.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { openBucket } from '../../../src/snapstore/registry.ts';
import { StoreError } from '../../../src/snapstore/store-error.ts';
import { uploadInChunks } from '../../../src/snapstore/upload/uploader.ts';
import { quietLogger } from '../../support/context/quiet-logger.ts';
import { collected, inPieces } from '../../support/fixtures/byte-streams.ts';
import { startAzurite } from '../../support/servers/azurite.ts';
import { startImmutableBlobs } from '../../support/servers/immutable-blobs.ts';
import { jsonEnvironment } from '../../support/stores/json-environment.ts';

const { signal } = new AbortController();
const DAY = 24 * 60 * 60 * 1000;

test('blobs under a locked immutability policy: listed with their time, neither deleted nor replaced before', async () => {
  await using azurite = await startAzurite();
  await using blobs = await startImmutableBlobs(azurite, { retentionMs: DAY });
  await azurite.createContainer('locked');
  using credentials = jsonEnvironment('AZURE', { storageAccount: azurite.account, storageKey: azurite.key });
  const opened = await openBucket(
    {
      provider: 'ABS',
      container: 'locked',
      prefix: 'etcd',
      endpointOverride: blobs.endpoint,
      maxParallelChunkUploads: 2,
      minChunkSize: 5 * 1024 * 1024,
      role: 'primary',
    },
    { log: quietLogger, clock: systemClock, environment: credentials.variables },
  );
  const { bucket, upload } = opened;
  await using _ = bucket;
  const put = (text: string): Promise<unknown> => {
    const body = inPieces(Buffer.from(text), 4);
    return uploadInChunks(bucket, { key: 'object', body, sizeBound: text.length, signal }, upload);
  };
  const isImmutable = (error: unknown): boolean => {
    assert.ok(error instanceof StoreError, String(error));
    assert.match(error.message, /409 BlobImmutableDueToPolicy; wait until its immutability policy has run out$/);
    return error.kind === 'immutable';
  };
  await put('the first');
  const [entry] = await Array.fromAsync(bucket.list('', { signal }));
  assert.equal(entry?.immutableUntil, (entry?.modifiedAt ?? 0) + DAY);

  await assert.rejects(bucket.delete('object', { signal }), isImmutable);
  await assert.rejects(put('another'), isImmutable);
  assert.equal((await collected(await bucket.read('object', { signal }))).toString(), 'the first');

  const { steps, immutableUntil } = await checkStore(opened, 'etcd', { signal, clock: systemClock });
  assert.deepEqual(
    steps.map(({ outcome }) => outcome),
    ['ok', 'ok', 'ok', 'immutable'],
  );
  assert.ok((immutableUntil ?? 0) > Date.now() + DAY / 2);
});
