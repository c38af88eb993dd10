// Takes long: a Ceph that is tried through four providers.
import { writeFileSync } from 'node:fs';
import { after, before } from 'node:test';
import { ListMultipartUploadsCommand, ListPartsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { makeTempDir, type TempDir } from '../../scripts/lab/temp-dir.ts';
import type { Environment } from '../../src/runtime/environment.ts';
import { systemClock } from '../../src/runtime/system-clock.ts';
import type { BucketPlace, BucketProvider } from '../../src/snapstore/bucket-provider.ts';
import { directNetwork } from '../../src/snapstore/http/store-network.ts';
import { ecsProvider } from '../../src/snapstore/providers/ecs/ecs-provider.ts';
import { ocsProvider } from '../../src/snapstore/providers/ocs/ocs-provider.ts';
import { compatibleService } from '../../src/snapstore/providers/s3/compatible-service.ts';
import { S3Bucket } from '../../src/snapstore/providers/s3/s3-bucket.ts';
import { s3Provider } from '../../src/snapstore/providers/s3/s3-provider.ts';
import { eachAtOnce } from '../support/context/each-at-once.ts';
import { quietLogger } from '../support/context/quiet-logger.ts';
import { type CephRgw, startCephRgw } from '../support/servers/ceph-rgw.ts';
import { bucketSuite, type OpenedSubject } from './bucket.suite.ts';
import { clock } from './cases/fault-rig.ts';
import { leastPrivilegeCases } from './cases/least-privilege-cases.ts';
import { faultSuite } from './fault.suite.ts';

let rgw: CephRgw;
let dir: TempDir;
before(async () => {
  dir = makeTempDir();
  rgw = await startCephRgw();
});
after(async () => {
  await rgw[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

/** Makes a container and opens it as users do: by the provider's own credentials. */
async function open(
  container: string,
  provider: (place: BucketPlace) => BucketProvider,
  environment: Environment,
): Promise<OpenedSubject> {
  await rgw.createBucket(container);
  const place = {
    role: 'primary',
    container,
    endpointOverride: undefined,
    environment,
    log: quietLogger,
    clock: systemClock,
    network: directNetwork,
  } as const;
  const { bucket } = await provider(place).open();
  return {
    bucket,
    release: () => Promise.resolve(),
    fill: (keys) =>
      eachAtOnce(keys, 16, (key) => rgw.client.send(new PutObjectCommand({ Bucket: container, Key: key, Body: 'x' }))),
  };
}

/** The path of a new JSON file that holds the gateway's keys and these fields. */
function jsonFile(name: string, fields: object): string {
  const { endpoint, accessKeyID, secretAccessKey } = rgw;
  const path = dir.join(`${name}.json`);
  writeFileSync(path, JSON.stringify({ endpoint, region: 'default', accessKeyID, secretAccessKey, ...fields }));
  return path;
}

/** More than a page, which has 1000 objects, for one of them: the adapter and the server are the same. */
const overPages = 1100;
const few = 20;

bucketSuite({
  name: 'ECS, on Ceph RGW',
  manyObjects: few,
  open: () =>
    open('ecs', ecsProvider, {
      ECS_ENDPOINT: rgw.endpoint,
      ECS_ACCESS_KEY_ID: rgw.accessKeyID,
      ECS_SECRET_ACCESS_KEY: rgw.secretAccessKey,
    }),
});

bucketSuite({
  name: 'OCS, on Ceph RGW',
  manyObjects: few,
  open: () => open('ocs', ocsProvider, { OPENSHIFT_APPLICATION_CREDENTIALS_JSON: jsonFile('ocs', {}) }),
});

bucketSuite({
  name: 'S3 with checksums, on Ceph RGW',
  manyObjects: overPages,
  // Debian's Ceph is older than this checksum: parts are compared by their MD5 in its place.
  unknownDigests: ['crc32c'],
  open: () => {
    const file = jsonFile('s3', { s3ForcePathStyle: true });
    return open('checksums', s3Provider, { AWS_APPLICATION_CREDENTIALS_JSON: file });
  },
});

bucketSuite({
  name: 'S3 with customer-provided keys, on Ceph RGW',
  manyObjects: few,
  unknownDigests: ['crc32c'],
  open: () => {
    const sse = { sseCustomerKey: '0123456789abcdef0123456789abcdef', sseCustomerAlgorithm: 'AES256' };
    const file = jsonFile('encrypted', { s3ForcePathStyle: true, ...sse });
    return open('encrypted', s3Provider, { AWS_APPLICATION_CREDENTIALS_JSON: file });
  },
});

/** Keys of uploads that were neither completed nor aborted and hold parts. */
async function unfinished(bucket: string, prefix: string): Promise<string[]> {
  const listing = new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix });
  const { Uploads: uploads = [] } = await rgw.client.send(listing);
  const keys: string[] = [];
  for (const { Key: key, UploadId: uploadId } of uploads) {
    const { Parts: parts = [] } = await rgw.client.send(
      new ListPartsCommand({ Bucket: bucket, Key: key, UploadId: uploadId }),
    );
    keys.push(...(parts.length > 0 && key !== undefined ? [key] : []));
  }
  return keys;
}

faultSuite({
  name: 'S3, ECS and OCS, on Ceph RGW',
  half: 1,
  async open() {
    const container = 'faults';
    await rgw.createBucket(container);
    const { accessKeyID, secretAccessKey } = rgw;
    const keys = { accessKeyID, secretAccessKey, region: 'default' };
    const file = jsonFile('faults', { s3ForcePathStyle: true });
    return {
      part: /^PUT partNumber/,
      target: rgw.endpoint,
      bucket: async (endpoint, timeouts) =>
        new S3Bucket(compatibleService({ ...keys, bucket: container, endpoint, origin: 'the test' }), {
          clock,
          timeouts,
        }),
      process: async (endpoint) => ({
        config: { provider: 'S3', container, endpointOverride: endpoint },
        environment: { AWS_APPLICATION_CREDENTIALS_JSON: file },
      }),
      hidden: (prefix) => unfinished(container, prefix),
      release: () => Promise.resolve(),
    };
  },
});

leastPrivilegeCases(() => rgw);
