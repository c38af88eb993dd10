import assert from 'node:assert/strict';
import { readdirSync, utimesSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { abandonedUploads } from '../../../src/snapstore/backups/abandoned-uploads.ts';
import type { Bucket } from '../../../src/snapstore/bucket.ts';
import { LocalBucket } from '../../../src/snapstore/providers/local/local-bucket.ts';
import { OssBucket } from '../../../src/snapstore/providers/oss/oss-bucket.ts';
import { S3Bucket } from '../../../src/snapstore/providers/s3/s3-bucket.ts';
import { startOssServer } from '../../support/servers/oss-server.ts';
import { startS3Server } from '../../support/servers/s3-server.ts';

const signal = new AbortController().signal;
const DAY = 24 * 60 * 60 * 1000;
const ours = ['a/v2/Full-00000000-00000010-1795200000.gz', 'a/v2/Companion-00000010-1795200000.tar.gz'];
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

async function begin(bucket: Bucket): Promise<void> {
  for (const key of [...ours, ...others]) {
    await bucket.beginUpload(key, { signal, partSize: 5 * 1024 * 1024 });
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
    await using bucket = new OssBucket({
      container: server.bucket,
      credentials: { storageEndpoint: 'unused.invalid', ...server.keys },
      endpoint: server.endpoint,
      clock: systemClock,
    });
    await begin(bucket);
    assert.deepEqual(await abandoned(bucket, DAY - 60_000), []);
    assert.deepEqual(await abandoned(bucket, DAY + 1_000), ours.toSorted());
    assert.deepEqual(
      [...server.space.uploads.values()].map(({ key }) => key),
      others,
    );
  });

  it('in a directory', async () => {
    using dir = makeTempDir();
    await using bucket = new LocalBucket({ directory: dir.path, clock: systemClock });
    await begin(bucket);
    assert.deepEqual(await abandoned(bucket, DAY - 60_000), []);
    assert.equal(readdirSync(dir.join('a/v2')).length, 3);
    const [one = ''] = readdirSync(dir.join('a/v2'));
    utimesSync(dir.join('a/v2', one), 1, 1);
    assert.deepEqual(await abandoned(bucket, 0), [undefined]);
    assert.equal(readdirSync(dir.join('a/v2')).length, 2);
    assert.equal(readdirSync(dir.join('b/v2')).length, 1);
  });
});
