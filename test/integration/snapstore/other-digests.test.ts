import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { makeTempDir, type TempDir } from '../../../scripts/lab/temp-dir.ts';
import type { Upload } from '../../../src/snapstore/bucket.ts';
import { type RawAnswer, rawHttp } from '../../support/servers/raw-server.ts';
import { type RawName, startRawBucket } from '../../support/stores/raw-bucket.ts';

const { signal } = new AbortController();
const bytes = Buffer.from('part');
const md5 = createHash('md5').update(bytes).digest();
const otherMd5 = createHash('md5').update('other').digest();

type Headers = Readonly<Record<string, string>>;

/** How each service names the bytes of a part that it has stored, by their MD5. */
const headersOf: Readonly<Partial<Record<RawName, (stored: Buffer) => Headers>>> = {
  S3: (stored) => ({ etag: `"${stored.toString('hex')}"` }),
  // It compares the MD5 that comes with a part itself, and says the CRC.
  OSS: (stored) => ({
    etag: `"${stored.toString('hex').toUpperCase()}"`,
    ...(stored.equals(md5) ? {} : { 'x-oss-hash-crc64ecma': '1' }),
  }),
  ABS: (stored) => ({ 'content-md5': stored.toString('base64') }),
  'Swift, after its login': (stored) => ({ etag: stored.toString('hex') }),
};

/** Headers that tell each client that its own service has answered. */
const own: Headers = { 'x-amz-request-id': '1', 'x-oss-request-id': '1', 'x-ms-request-id': '1', 'x-trans-id': 'tx1' };

/** Takes each part, and answers with these headers. */
function taking(name: RawName, headers: Headers): RawAnswer {
  const begun =
    '<?xml version="1.0"?><InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';
  return (socket, head) => {
    const [method = ''] = head.split(' ');
    const answers: Readonly<Record<string, RawAnswer>> = {
      POST: rawHttp('200 OK', begun, { ...own, 'content-type': 'application/xml' }),
      GET: rawHttp('200 OK', '[]', { ...own, 'content-type': 'application/json' }),
      HEAD: rawHttp('404 Not Found', '', own),
      PUT: rawHttp(name === 'S3' || name === 'OSS' ? '200 OK' : '201 Created', '', { ...own, ...headers }),
    };
    answers[method]?.(socket, head);
  };
}

let dir: TempDir;
before(() => {
  dir = makeTempDir();
});
after(() => dir[Symbol.dispose]());

describe('a part of an upload', () => {
  for (const [name, headers] of Object.entries(headersOf) as [RawName, (stored: Buffer) => Headers][]) {
    const write = async (stored: Buffer): Promise<void> => {
      await using there = await startRawBucket(name, taking(name, headers(stored)), { dir });
      const upload: Upload = await there.bucket.beginUpload('v2/a', { signal, partSize: bytes.length });
      await upload.writePart({ number: 1, offset: 0, bytes }, { signal });
    };

    it(`has arrived in ${name} when the store names its bytes`, async () => {
      await write(md5);
    });

    it(`has not when ${name} names others`, async () => {
      await assert.rejects(write(otherMd5), {
        code: 'store_transient',
        message: /has? other bytes than were sent|received other/,
      });
    });
  }
});
