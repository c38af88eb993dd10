import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { refuseHeadersInClear } from '../../../../../src/snapstore/providers/s3/headers-in-clear.ts';
import { StoreError } from '../../../../../src/snapstore/store-error.ts';

const place = { Bucket: 'b', Key: 'k' };
const customerKey = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: '0123456789abcdef0123456789abcdef' };

/** Makes a request and says whether it left the client. */
async function sent(
  endpoint: string,
  sessionToken: string | undefined,
  request: (client: S3Client) => Promise<unknown>,
): Promise<boolean> {
  let left = false;
  const client = new S3Client({
    endpoint,
    region: 'r',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: {
      accessKeyId: 'id',
      secretAccessKey: 'secret',
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    requestHandler: {
      handle: () => {
        left = true;
        return Promise.reject(new Error('sent'));
      },
    },
  });
  refuseHeadersInClear(client);
  const error = await request(client).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!left) {
    assert.ok(error instanceof StoreError, String(error));
    assert.match(error.message, /would travel in clear/);
    assert.doesNotMatch(error.message, /hunter2|0123456789abcdef/);
  }
  return left;
}

describe('an S3 client over http', () => {
  const withKey = {
    get: (client: S3Client) => client.send(new GetObjectCommand({ ...place, ...customerKey })),
    head: (client: S3Client) => client.send(new HeadObjectCommand({ ...place, ...customerKey })),
    put: (client: S3Client) => client.send(new PutObjectCommand({ ...place, ...customerKey, Body: 'x' })),
  };
  for (const [name, command] of Object.entries(withKey)) {
    it(`sends no customer key with ${name}, but on this machine`, async () => {
      assert.equal(await sent('http://store.example', undefined, command), false);
      assert.equal(await sent('http://127.0.0.1:9', undefined, command), true);
      assert.equal(await sent('https://store.example', undefined, command), true);
    });
  }

  it('sends no session token, wherever it came from', async () => {
    const list = (client: S3Client) => client.send(new ListObjectsV2Command({ Bucket: 'b' }));
    assert.equal(await sent('http://store.example', 'hunter2', list), false);
    assert.equal(await sent('http://[::1]:9', 'hunter2', list), true);
    assert.equal(await sent('https://store.example', 'hunter2', list), true);
    assert.equal(await sent('http://store.example', undefined, list), true);
  });
});
