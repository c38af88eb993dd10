import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { checkStore, missingSteps, type StoreCheck } from '../../../../src/operations/check-store/check-store.ts';
import { systemClock } from '../../../../src/runtime/system-clock.ts';
import { abandonedUploads } from '../../../../src/snapstore/backups/abandoned-uploads.ts';
import type { ObjectEntry } from '../../../../src/snapstore/bucket.ts';
import type { Leftover } from '../../../../src/snapstore/leftover.ts';
import { compatibleService } from '../../../../src/snapstore/providers/s3/compatible-service.ts';
import { S3Bucket } from '../../../../src/snapstore/providers/s3/s3-bucket.ts';
import type { S3Settings } from '../../../../src/snapstore/providers/s3/s3-settings.ts';
import { StoreError, type StoreErrorKind } from '../../../../src/snapstore/store-error.ts';
import { eachAtOnce } from '../../../support/context/each-at-once.ts';
import { quietLogger } from '../../../support/context/quiet-logger.ts';
import { collected } from '../../../support/fixtures/byte-streams.ts';
import { type CephRgw, startCephRgw } from '../../../support/servers/ceph-rgw.ts';

const { signal } = new AbortController();
const PART = 5 * 1024 * 1024;
const DAY = 24 * 60 * 60 * 1000;

let rgw: CephRgw;
before(async () => {
  rgw = await startCephRgw();
});
after(async () => {
  await rgw[Symbol.asyncDispose]();
});

function bucketFor(bucket: string, changes: Partial<S3Settings> = {}): S3Bucket {
  const { endpoint, accessKeyID, secretAccessKey } = rgw;
  const settings = compatibleService({
    bucket,
    region: 'default',
    endpoint,
    origin: 'the test',
    accessKeyID,
    secretAccessKey,
  });
  const timeouts = {
    requestMs: 5000,
    partMs: 5000,
    stallMs: 5000,
    retries: { firstMs: 1, multiplier: 1, longestMs: 1, retries: 2 },
  };
  return new S3Bucket({ ...settings, ...changes }, { clock: systemClock, timeouts });
}

async function put(bucket: S3Bucket, key: string, text: string): Promise<ObjectEntry> {
  const upload = await bucket.beginUpload(key, { signal });
  await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from(text) }, { signal });
  return await upload.complete({ parts: 1, size: text.length }, { signal });
}

function check(bucket: string): Promise<StoreCheck> {
  const upload = { parallel: 1, minChunkSize: PART, clock: systemClock, log: quietLogger };
  return checkStore({ bucket: bucketFor(bucket), upload }, 'etcd', { signal, clock: systemClock });
}

async function refused(promise: Promise<unknown>, kind: StoreErrorKind, found: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, found);
    assert.ok(!error.message.includes(rgw.secretAccessKey));
    return true;
  });
}

describe('uploads to S3', () => {
  it('that are aborted leave no parts', async () => {
    await rgw.createBucket('aborted');
    const bucket = bucketFor('aborted');
    const upload = await bucket.beginUpload('object', { signal });
    await upload.writePart({ number: 1, offset: 0, bytes: Buffer.alloc(PART) }, { signal });
    const pending = () => rgw.client.send(new ListMultipartUploadsCommand({ Bucket: 'aborted' }));
    assert.equal((await pending()).Uploads?.length, 1);
    await upload.abort({ signal });
    assert.equal((await pending()).Uploads, undefined);
    await upload.abort({ signal });
  });

  it('that fail to complete can be aborted and leave no parts', async () => {
    await rgw.createBucket('incomplete');
    const bucket = bucketFor('incomplete');
    const upload = await bucket.beginUpload('object', { signal });
    // Too small for any part but the last.
    await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('small') }, { signal });
    await upload.writePart({ number: 2, offset: 5, bytes: Buffer.from('small') }, { signal });
    await refused(upload.complete({ parts: 2, size: 10 }, { signal }), 'invalid', /EntityTooSmall/);
    await upload.abort({ signal });
    const { Uploads: uploads } = await rgw.client.send(new ListMultipartUploadsCommand({ Bucket: 'incomplete' }));
    assert.equal(uploads, undefined);
  });
});

describe('a bucket that keeps versions', () => {
  it('lists the oldest version of each key, reads and deletes it', async () => {
    await rgw.createBucket('versions');
    const bucket = bucketFor('versions');
    const versioning = { Status: 'Enabled' } as const;
    await rgw.client.send(new PutBucketVersioningCommand({ Bucket: 'versions', VersioningConfiguration: versioning }));
    const first = await put(bucket, 'v2/snapshot', 'the first');
    await put(bucket, 'v2/snapshot', 'a later one');
    assert.ok(first.versionId !== undefined);
    const [entry, ...others] = await Array.fromAsync(bucket.list('v2/', { signal }));
    assert.deepEqual(others, []);
    assert.equal(entry?.versionId, first.versionId);
    assert.equal(entry?.size, 9);
    assert.equal(entry?.immutableUntil, undefined);
    const versionId = first.versionId;
    assert.equal((await collected(await bucket.read('v2/snapshot', { signal, versionId }))).toString(), 'the first');
    await bucket.delete('v2/snapshot', { signal, versionId });
    const [next] = await Array.fromAsync(bucket.list('v2/', { signal }));
    assert.notEqual(next?.versionId, versionId);
    await refused(bucket.read('v2/snapshot', { signal, versionId }), 'not_found', /404/);
  });

  it('that keeps no more versions loses the old ones with the object', async () => {
    await rgw.createBucket('suspended');
    const versioning = (Status: 'Enabled' | 'Suspended') =>
      rgw.client.send(new PutBucketVersioningCommand({ Bucket: 'suspended', VersioningConfiguration: { Status } }));
    await versioning('Enabled');
    const bucket = bucketFor('suspended');
    await put(bucket, 'object', 'first');
    await put(bucket, 'object', 'second');
    await put(bucket, 'object-2', 'another');
    await versioning('Suspended');
    await put(bucket, 'object', 'third');
    assert.deepEqual(
      (await Array.fromAsync(bucket.list('', { signal }))).map(({ key, versionId }) => [key, versionId]),
      [
        ['object', undefined],
        ['object-2', undefined],
      ],
    );
    assert.equal((await collected(await bucket.read('object', { signal }))).toString(), 'third');
    await bucket.delete('object', { signal });
    const { Versions: left = [], DeleteMarkers: markers = [] } = await rgw.client.send(
      new ListObjectVersionsCommand({ Bucket: 'suspended' }),
    );
    assert.deepEqual([left.map(({ Key }) => Key), markers.length], [['object-2'], 0]);
  });

  it('leaves out what is tagged and has a delete marker, and only that', async () => {
    const Bucket = 'excluded';
    await rgw.createBucket(Bucket);
    const bucket = bucketFor(Bucket);
    const versioning = { Status: 'Enabled' } as const;
    await rgw.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: versioning }));
    const Tagging = { TagSet: [{ Key: 'x-etcd-snapshot-exclude', Value: 'true' }] };
    for (const [Key, tagged, deleted] of [
      ['plain', false, false],
      ['only-tagged', true, false],
      ['only-deleted', false, true],
      ['tagged-and-deleted', true, true],
    ] as const) {
      const { versionId: VersionId } = await put(bucket, Key, 'x');
      if (tagged) {
        await rgw.client.send(new PutObjectTaggingCommand({ Bucket, Key, VersionId, Tagging }));
      }
      if (deleted) {
        await rgw.client.send(new DeleteObjectCommand({ Bucket, Key }));
      }
    }
    const entries = await Array.fromAsync(bucket.list('', { signal }));
    const excluded = Object.fromEntries(entries.map((entry) => [entry.key, entry.excluded === true]));
    assert.deepEqual(excluded, {
      plain: false,
      'only-tagged': false,
      'only-deleted': false,
      'tagged-and-deleted': true,
    });
    assert.deepEqual((await Array.fromAsync(bucket.pages('', { signal }))).flat(), entries);
  });

  it('shows all of it over many pages, and folders of which all was deleted', async () => {
    const Bucket = 'paged';
    await rgw.createBucket(Bucket);
    const bucket = bucketFor(Bucket);
    const versioning = { Status: 'Enabled' } as const;
    await rgw.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: versioning }));
    // Three versions of each: pages of a thousand end within those of one key.
    const keys = Array.from({ length: 340 }, (_, at) => `cluster-${at}/v2/x`).sort();
    for (let version = 0; version < 3; version++) {
      await eachAtOnce(keys, 16, (Key) => rgw.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' })));
    }
    await rgw.client.send(new DeleteObjectCommand({ Bucket, Key: 'cluster-7/v2/x' }));
    const pages = await Array.fromAsync(bucket.pages('', { signal }));
    assert.ok(pages.length > 1);
    const listed = await Array.fromAsync(bucket.list('', { signal }));
    assert.deepEqual(pages.flat(), listed);
    assert.deepEqual(
      listed.map(({ key }) => key),
      keys,
    );
    const folders = await Array.fromAsync(bucket.folders('', { signal }));
    assert.deepEqual(
      folders.toSorted(),
      keys.map((key) => key.slice(0, -'v2/x'.length)),
    );
  });
});

describe('a bucket with object lock', () => {
  it('says until when, and cannot be deleted before', async () => {
    const Bucket = 'locked';
    await rgw.createBucket(Bucket, { objectLock: true });
    const Rule = { DefaultRetention: { Mode: 'COMPLIANCE', Days: 3 } } as const;
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', Rule } as const;
    await rgw.client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
    const bucket = bucketFor(Bucket);
    const saved = await put(bucket, 'v2/snapshot', 'locked');
    const [entry] = await Array.fromAsync(bucket.list('', { signal }));
    assert.equal(entry?.immutableUntil, (entry?.modifiedAt ?? 0) + 3 * DAY);
    const versionId = saved.versionId;
    assert.ok(versionId !== undefined);
    await refused(bucket.delete('v2/snapshot', { signal, versionId }), 'immutable', /locked until 20/);
    assert.equal((await collected(await bucket.read('v2/snapshot', { signal, versionId }))).toString(), 'locked');

    const { steps, versioned, immutableUntil } = await check(Bucket);
    assert.deepEqual(
      steps.map(({ outcome }) => outcome),
      ['ok', 'ok', 'ok', 'immutable'],
    );
    assert.equal(versioned, true);
    assert.ok((immutableUntil ?? 0) > Date.now() + 2 * DAY);
  });
});

describe('a check of a bucket where something is not allowed', () => {
  for (const [action, failing] of [
    ['s3:PutObject', 'write'],
    ['s3:ListBucket', 'list'],
    ['s3:GetObject', 'read'],
    ['s3:DeleteObject', 'delete'],
  ] as const) {
    it(`fails to ${failing} without ${action}, and says why`, async () => {
      const Bucket = `without-${failing}`;
      await rgw.createBucket(Bucket);
      const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`];
      const Statement = [{ Effect: 'Deny', Principal: '*', Action: action, Resource }];
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
      await rgw.client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
      const done = await check(Bucket);
      assert.deepEqual(missingSteps(done), [failing]);
      const result = done.steps.find(({ outcome }) => outcome === 'failed');
      assert.ok(result?.outcome === 'failed' && result.error instanceof StoreError);
      assert.equal(result.error.kind, 'denied');
      assert.match(result.error.message, /answered 403[ \w]*; check the credentials and what they are allowed$/);
    });
  }
});

describe('customer-provided keys', () => {
  it('are needed to read what was written with them', async () => {
    await rgw.createBucket('encrypted');
    const sse = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: '0123456789abcdef0123456789abcdef' };
    await put(bucketFor('encrypted', { sse }), 'object', 'secret');
    const read = new GetObjectCommand({ Bucket: 'encrypted', Key: 'object' });
    await assert.rejects(rgw.client.send(read));
    await refused(bucketFor('encrypted').read('object', { signal }), 'invalid', /400/);
    const other = { ...sse, SSECustomerKey: 'fedcba9876543210fedcba9876543210' };
    await assert.rejects(bucketFor('encrypted', { sse: other }).read('object', { signal }), StoreError);
  });
});

describe('what goes wrong', () => {
  it('a bucket that does not exist is gone', async () => {
    const bucket = bucketFor('nowhere');
    await refused(Array.fromAsync(bucket.list('', { signal })), 'gone', /NoSuchBucket; create the bucket/);
    await refused(bucket.beginUpload('object', { signal }), 'gone', /NoSuchBucket/);
  });

  it('wrong keys are denied, and not quoted', async () => {
    await rgw.createBucket('guarded');
    const identity = { kind: 'keys', accessKeyID: rgw.accessKeyID, secretAccessKey: 'hush' } as const;
    await refused(
      Array.fromAsync(bucketFor('guarded', { identity }).list('', { signal })),
      'denied',
      /SignatureDoesNotMatch/,
    );
    const unknown = { kind: 'keys', accessKeyID: 'nobody', secretAccessKey: 'hush' } as const;
    await refused(
      Array.fromAsync(bucketFor('guarded', { identity: unknown }).list('', { signal })),
      'denied',
      /InvalidAccessKeyId/,
    );
  });

  it('a port where nobody listens is transient', async () => {
    const bucket = bucketFor('any', { endpoint: 'http://127.0.0.1:1' });
    await refused(Array.fromAsync(bucket.list('', { signal })), 'transient', /ECONNREFUSED/);
  });

  it('a range beyond the end is empty', async () => {
    await rgw.createBucket('ranges');
    const bucket = bucketFor('ranges');
    await rgw.client.send(new PutObjectCommand({ Bucket: 'ranges', Key: 'object', Body: 'abc' }));
    assert.equal((await collected(await bucket.read('object', { signal, range: { start: 10, end: 20 } }))).length, 0);
    await refused(bucket.read('absent', { signal, range: { start: 5, end: 5 } }), 'not_found', /404/);
  });
});

describe('uploads that a killed run has left', () => {
  it('are listed by a real gateway, and those of ours that are a day old are removed', async () => {
    await rgw.createBucket('abandoned');
    const bucket = bucketFor('abandoned');
    await using _ = bucket;
    const ours = 'a/v2/Full-00000000-00000010-1795200000.gz';
    for (const key of [ours, 'a/v2/notes.txt', 'b/v2/Full-00000000-00000010-1795200000.gz']) {
      const upload = await bucket.beginUpload(key, { signal });
      await upload.writePart({ number: 1, offset: 0, bytes: Buffer.alloc(PART) }, { signal });
    }
    const foundAfter = async (ms: number): Promise<readonly Leftover[]> =>
      await abandonedUploads(bucket, 'a/', { signal, now: Date.now() + ms });
    assert.deepEqual(await foundAfter(DAY - 60_000), []);
    const [only, ...more] = await foundAfter(DAY + 60_000);
    assert.deepEqual([only?.key, more], [ours, []]);
    await only?.remove({ signal });
    // Another run may have been faster.
    await only?.remove({ signal });
    assert.deepEqual(await foundAfter(DAY + 60_000), []);
    const { Uploads: left = [] } = await rgw.client.send(new ListMultipartUploadsCommand({ Bucket: 'abandoned' }));
    assert.equal(left.length, 2);
  });
});
