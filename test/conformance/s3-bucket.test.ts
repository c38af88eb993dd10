import { after, before } from 'node:test';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { systemClock } from '../../src/runtime/system-clock.ts';
import { keyedEndpoint } from '../../src/snapstore/providers/s3/keyed-endpoint.ts';
import { S3Bucket } from '../../src/snapstore/providers/s3/s3-bucket.ts';
import type { S3Settings } from '../../src/snapstore/providers/s3/s3-settings.ts';
import { type CephRgw, startCephRgw } from '../support/ceph-rgw.ts';
import { bucketSuite, type OpenedSubject } from './bucket.suite.ts';

let rgw: CephRgw;
before(async () => {
  rgw = await startCephRgw();
});
after(async () => {
  await rgw[Symbol.asyncDispose]();
});

async function openBucket(bucket: string, changes: Partial<S3Settings>): Promise<OpenedSubject> {
  await rgw.createBucket(bucket);
  const { endpoint, accessKeyID, secretAccessKey } = rgw;
  const settings = keyedEndpoint({
    bucket,
    region: 'default',
    endpoint,
    origin: 'the test',
    accessKeyID,
    secretAccessKey,
  });
  return {
    bucket: new S3Bucket({ ...settings, ...changes }, { clock: systemClock }),
    release: () => Promise.resolve(),
    async fill(keys) {
      const queue = keys.values();
      const worker = async (): Promise<void> => {
        for (const key of queue) {
          await rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'x' }));
        }
      };
      await Promise.all(Array.from({ length: 16 }, worker));
    },
  };
}

bucketSuite({ name: 'S3 as ECS and OCS take it, on Ceph RGW', open: () => openBucket('presets', {}) });

bucketSuite({
  name: 'S3 with checksums whenever supported, on Ceph RGW',
  manyObjects: 1500,
  open: () => openBucket('checksums', { requestChecksums: 'when_supported', responseChecksums: 'when_supported' }),
});

bucketSuite({
  name: 'S3 with customer-provided keys, on Ceph RGW',
  manyObjects: 1500,
  open: () =>
    openBucket('encrypted', {
      sse: { SSECustomerAlgorithm: 'AES256', SSECustomerKey: '0123456789abcdef0123456789abcdef' },
    }),
});
