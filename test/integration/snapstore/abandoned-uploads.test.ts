import assert from 'node:assert/strict';
import { readdirSync, utimesSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { abandonedUploads } from '../../../src/snapstore/backups/abandoned-uploads.ts';
import { newProbeName } from '../../../src/snapstore/backups/probe-key.ts';
import type { Bucket } from '../../../src/snapstore/bucket.ts';
import { ResultObjects } from '../../../src/snapstore/fleet/result-objects.ts';
import { GcsBucket } from '../../../src/snapstore/providers/gcs/gcs-bucket.ts';
import { anonymous } from '../../../src/snapstore/providers/gcs/google-authorizer.ts';
import { LocalBucket } from '../../../src/snapstore/providers/local/local-bucket.ts';
import { OssBucket } from '../../../src/snapstore/providers/oss/oss-bucket.ts';
import { S3Bucket } from '../../../src/snapstore/providers/s3/s3-bucket.ts';
import { quietLogger } from '../../support/context/quiet-logger.ts';
import { type GcsServer, startGcsServer } from '../../support/servers/gcs-server.ts';
import { type OssServer, startOssServer } from '../../support/servers/oss-server.ts';
import { startS3Server } from '../../support/servers/s3-server.ts';
import { readWhole, uploadInParts } from '../../support/stores/bucket-calls.ts';
import { memoryBucket } from '../../support/stores/memory-bucket.ts';

const signal = new AbortController().signal;
const DAY = 24 * 60 * 60 * 1000;
const full = 'a/v2/Full-00000000-00000010-1795200000.gz';
const ours = [full, 'a/v2/Companion-00000010-1795200000.tar.gz', `a/v2/${newProbeName()}`];
const others = [
  'a/v2/notes.txt',
  'b/v2/Full-00000000-00000010-1795200000.gz',
  'a/Full-00000000-00000010-1795200000.gz',
];

/** Begins uploads of ours and of others and leaves them; tells which of them are found after some time, and removes these. */
async function abandoned(bucket: Bucket, afterMs: number): Promise<readonly (string | undefined)[]> {
  const found = await abandonedUploads(bucket, 'a/', { signal, now: Date.now() + afterMs });
  for (const each of found) {
    await each.remove({ signal });
    // Another run may have been faster.
    await each.remove({ signal });
  }
  return found.map(({ key }) => key).toSorted();
}

function ossBucket({ bucket: container, keys, endpoint }: OssServer): OssBucket {
  const credentials = { storageEndpoint: 'unused.invalid', ...keys };
  return new OssBucket({ container, credentials, endpoint, clock: systemClock });
}

function gcsBucket({ bucket: container, endpoint }: GcsServer): GcsBucket {
  return new GcsBucket({ container, authorizer: anonymous, endpoint, clock: systemClock });
}

async function begin(bucket: Bucket): Promise<void> {
  for (const key of [...ours, ...others]) {
    const upload = await bucket.beginUpload(key, { signal, partSize: 5 * 1024 * 1024 });
    await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('part') }, { signal });
  }
}

describe('uploads of ours that nobody goes on with for a day are found and removed', () => {
  it('on S3', async () => {
    await using server = await startS3Server();
    await using bucket = new S3Bucket(
      {
        bucket: server.bucket,
        region: 'eu-central-1',
        endpoint: server.endpoint,
        pathStyle: true,
        identity: { kind: 'keys', accessKeyID: 'key', secretAccessKey: 'secret' },
        trustedCaCert: undefined,
        insecureSkipVerify: false,
        requestChecksums: 'when_supported',
        responseChecksums: 'when_supported',
        sse: undefined,
      },
      { clock: systemClock },
    );
    await begin(bucket);
    assert.deepEqual(await abandoned(bucket, DAY - 60_000), []);
    assert.deepEqual(await abandoned(bucket, DAY + 1_000), ours.toSorted());
    assert.deepEqual(
      [...server.uploads.keys()].map((id) => server.begun.get(id)?.key),
      others,
    );
  });

  it('on OSS', async () => {
    await using server = await startOssServer();
    await using bucket = ossBucket(server);
    await begin(bucket);
    assert.deepEqual(await abandoned(bucket, DAY - 60_000), []);
    assert.deepEqual(await abandoned(bucket, DAY + 1_000), ours.toSorted());
    assert.deepEqual(
      [...server.space.uploads.values()].map(({ key }) => key),
      others,
    );
  });

  it('on GCS, but for those of snapshots, which retention decides about', async () => {
    await using server = await startGcsServer({ auth: 'none' });
    await using bucket = gcsBucket(server);
    await begin(bucket);
    const whole = 'a/v2/Companion-00000011-1795200000.tar.gz';
    await uploadInParts(bucket, whole, Buffer.from('whole'), 2);
    const snapshot = 'a/v2/Full-00000000-00000011-1795200000.gz';
    await uploadInParts(bucket, snapshot, Buffer.from('whole'), 4);
    assert.deepEqual(await abandoned(bucket, DAY - 60_000), []);
    // The components of what is complete are not needed any more.
    assert.deepEqual(await abandoned(bucket, DAY + 1_000), [...ours.filter((key) => key !== full), whole].toSorted());
    assert.deepEqual(
      [...server.space.objects.keys()].toSorted(),
      [
        ...[full, ...others].map((key) => `${key}/0000000001`),
        whole,
        ...['', '/0000000001', '/0000000002'].map((end) => `${snapshot}${end}`),
      ].toSorted(),
    );
    assert.equal((await readWhole(bucket, whole)).toString(), 'whole');
    assert.equal((await readWhole(bucket, snapshot)).toString(), 'whole');
  });

  it('on GCS, where an object is written again, only what nobody has written to for a day', async () => {
    await using server = await startGcsServer({ auth: 'none' });
    await using bucket = gcsBucket(server);
    const [, companion = ''] = ours;
    await uploadInParts(bucket, companion, Buffer.from('first'), 4);
    const [early] = await abandonedUploads(bucket, 'a/', { signal, now: Date.now() + 2 * DAY });
    const upload = await bucket.beginUpload(companion, { signal, partSize: 6 });
    await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('second') }, { signal });
    assert.deepEqual(await abandoned(bucket, DAY - 60_000), []);
    // One that was found before does not take what came since.
    await early?.remove({ signal });
    await upload.complete({ parts: 1, size: 6 }, { signal });
    assert.equal((await readWhole(bucket, companion)).toString(), 'second');
    assert.deepEqual(await abandoned(bucket, DAY + 1_000), [companion]);
    assert.deepEqual([...server.space.objects.keys()], [companion]);
    assert.equal((await readWhole(bucket, companion)).toString(), 'second');
  });

  it('on GCS only when a retention has ended, and no new upload has written them again', async () => {
    await using server = await startGcsServer({ auth: 'none' });
    const { space } = server;
    await using bucket = gcsBucket(server);
    const [, companion = ''] = ours;
    const upload = await bucket.beginUpload(companion, { signal, partSize: 4 });
    await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('part') }, { signal });
    space.retentionSeconds = 2 * 86_400;
    assert.deepEqual(await abandonedUploads(bucket, 'a/', { signal, now: Date.now() + 1.5 * DAY }), []);
    const [only] = await abandonedUploads(bucket, 'a/', { signal, now: Date.now() + 3 * DAY });
    assert.equal(only?.key, companion);
    space.retentionSeconds = undefined;
    space.put(`${companion}/0000000001`, Buffer.from('new'));
    await only?.remove({ signal });
    assert.equal(space.get(`${companion}/0000000001`).body.toString(), 'new');
  });

  it('in a directory', async () => {
    using dir = makeTempDir();
    await using bucket = new LocalBucket({ directory: dir.path, clock: systemClock });
    await begin(bucket);
    assert.deepEqual(await abandoned(bucket, DAY - 60_000), []);
    assert.equal(readdirSync(dir.join('a/v2')).length, 4);
    const [one = ''] = readdirSync(dir.join('a/v2'));
    utimesSync(dir.join('a/v2', one), 1, 1);
    assert.deepEqual(await abandoned(bucket, 0), [undefined]);
    assert.equal(readdirSync(dir.join('a/v2')).length, 3);
    assert.equal(readdirSync(dir.join('b/v2')).length, 1);
  });
});

describe('probes of a check-store that was killed', () => {
  it('are found and removed after a day', async () => {
    const bucket = memoryBucket();
    const probe = `a/v2/${newProbeName()}`;
    const rest = ['a/v2/etcdbrctl-probe-notes', `b/v2/${newProbeName()}`, `a/v2/${newProbeName()}.old`, 'a/v2/other'];
    for (const key of [probe, ...rest]) {
      await uploadInParts(bucket, key, Buffer.from('probe'));
    }
    assert.deepEqual(await abandoned(bucket, DAY - 60_000), []);
    assert.deepEqual(await abandoned(bucket, DAY + 1_000), [probe]);
    const left = await Array.fromAsync(bucket.list('', { signal }));
    assert.deepEqual(left.map(({ key }) => key).toSorted(), rest.toSorted());
  });
});

describe('results of fleet verify that were not written to their end', () => {
  it('go after a day, and nothing else does', async () => {
    await using server = await startOssServer();
    await using bucket = ossBucket(server);
    const result = 'fleet/etcdbrctl-fleet/verify-1795200000-0-of-1.json';
    const rest = ['fleet/etcdbrctl-fleet/notes.json', 'fleet/verify-1795200000-0-of-1.json'];
    for (const key of [result, ...rest]) {
      await bucket.beginUpload(key, { signal, partSize: 1 });
    }
    const upload = { parallel: 1, minChunkSize: 1, clock: systemClock, log: quietLogger };
    const results = new ResultObjects(bucket, { root: 'fleet/', upload });
    const left = (): readonly string[] => [...server.space.uploads.values()].map(({ key }) => key);
    const seconds = Date.now() / 1_000;
    await results.removeAbandoned({ now: seconds + 86_340 }, { signal });
    assert.deepEqual(left(), [result, ...rest]);
    await results.removeAbandoned({ now: seconds + 86_460 }, { signal });
    assert.deepEqual(left(), rest);
  });
});
