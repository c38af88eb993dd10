import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { makeTempDir, type TempDir } from '../../../scripts/lab/temp-dir.ts';
import { StoreError } from '../../../src/snapstore/store-error.ts';
import { FOREIGN_WORDS } from '../../conformance/cases/foreign-answer-cases.ts';
import { rawBytes } from '../../support/servers/raw-server.ts';
import { longTimeouts } from '../../support/stores/bucket-calls.ts';
import { type RawName, startRawBucket } from '../../support/stores/raw-bucket.ts';

const { signal } = new AbortController();
const names: readonly RawName[] = ['S3', 'OSS', 'ABS', 'GCS', 'Swift, after its login'];

/** Headers that tell each client that its own service has answered. */
const own = {
  etag: '"0123456789abcdef0123456789abcdef"',
  'last-modified': 'Wed, 21 Oct 2026 07:28:00 GMT',
  'content-type': 'application/octet-stream',
  'x-amz-request-id': '1',
  'x-oss-request-id': '1',
  'x-goog-generation': '1',
  'x-ms-request-id': '1',
  'x-ms-version': '2026-01-01',
  'x-ms-blob-type': 'BlockBlob',
  'x-trans-id': 'tx1',
};

function answer(first: string, headers: Readonly<Record<string, string | number>>, body: string): string {
  const lines = Object.entries({ ...own, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/${first}\r\n${lines.join('')}\r\n${body}`;
}

const chunked = { 'transfer-encoding': 'chunked' };
const lastChunk = '0\r\n\r\n';

/** Ways to send an object of three bytes, whole. */
const whole: Readonly<Record<string, string>> = {
  'HTTP/1.0': answer('1.0 200 OK', { 'content-length': 3 }, 'abc'),
  'after 100 Continue': `HTTP/1.1 100 Continue\r\n\r\n${answer('1.1 200 OK', { 'content-length': 3 }, 'abc')}`,
  'stored as gzip': answer('1.1 200 OK', { 'content-length': 3, 'content-encoding': 'gzip' }, 'abc'),
  'more after its end': answer('1.1 200 OK', { 'content-length': 3, connection: 'close' }, 'abcdef'),
};

/** The same without the length; a listing, or HEAD where there is one, says it. */
const withoutLength: Readonly<Record<string, string>> = {
  'until the connection ends': answer('1.1 200 OK', { connection: 'close' }, 'abc'),
  'until the connection ends, HTTP/1.0': answer('1.0 200 OK', {}, 'abc'),
  'chunks with extensions': answer('1.1 200 OK', chunked, `3;a=1;b="c;d"\r\nabc\r\n${lastChunk}`),
  'chunks with trailers': answer('1.1 200 OK', { ...chunked, trailer: 'x-more' }, '3\r\nabc\r\n0\r\nx-more: 1\r\n\r\n'),
};

/** What is not that object. */
const broken: Readonly<Record<string, string>> = {
  nothing: answer('1.1 200 OK', { 'content-length': 0 }, ''),
  'two bytes': answer('1.1 200 OK', { 'content-length': 2 }, 'ab'),
  'four bytes': answer('1.1 200 OK', { 'content-length': 4 }, 'abcd'),
  'two bytes until the connection ends': answer('1.1 200 OK', { connection: 'close' }, 'ab'),
  'four bytes in chunks': answer('1.1 200 OK', chunked, `4\r\nabcd\r\n${lastChunk}`),
  'a chunk that is cut': answer('1.1 200 OK', chunked, '3\r\nab'),
  'a length and chunks': answer('1.1 200 OK', { ...chunked, 'content-length': 3 }, `3\r\nabc\r\n${lastChunk}`),
  'two lengths': answer('1.1 200 OK', { 'content-length': 3, 'Content-Length': 5 }, 'abcde'),
  'a length that is none': answer('1.1 200 OK', { 'content-length': '3x' }, 'abc'),
  'a part of it': answer('1.1 206 Partial Content', { 'content-length': 3, 'content-range': 'bytes 1-3/9' }, 'abc'),
  'no content': answer('1.1 204 No Content', {}, ''),
};

const part = (headers: Readonly<Record<string, string | number>>, body = 'abc'): string =>
  answer('1.1 206 Partial Content', { 'content-length': body.length, ...headers }, body);

/** What is not the first three of nine bytes. */
const otherParts: Readonly<Record<string, string>> = {
  'all of it': answer('1.1 200 OK', { 'content-length': 9 }, 'abcdefghi'),
  'three bytes that are called all': answer('1.1 200 OK', { 'content-length': 3 }, 'abc'),
  'no word of which part it is': part({}),
  'another part': part({ 'content-range': 'bytes 1-3/9' }, 'bcd'),
  'less of it': part({ 'content-range': 'bytes 0-1/9' }, 'ab'),
  'fewer bytes than it says': part({ 'content-range': 'bytes 0-2/9' }, 'ab'),
  'no bytes': part({ 'content-range': 'bytes 0-2/9' }, ''),
  'of an unknown size': part({ 'content-range': 'bytes 0-2/*' }),
  'of another size': part({ 'content-range': 'bytes 0-2/8' }),
  'several parts': part({ 'content-type': 'multipart/byteranges; boundary=x' }, '--x\r\n\r\nabc\r\n--x--\r\n'),
  'no content': answer('1.1 204 No Content', {}, ''),
};

let dir: TempDir;
before(() => {
  dir = makeTempDir();
});
after(() => dir[Symbol.dispose]());

async function read(
  name: RawName,
  text: string,
  asked: { readonly size: number; readonly range?: { readonly start: number; readonly end: number } },
): Promise<string> {
  await using there = await startRawBucket(name, rawBytes(text), { dir, timeouts: longTimeouts });
  const body = await there.bucket.read('v2/a', { signal, ...asked });
  return Buffer.concat(await body.toArray()).toString();
}

async function assertRefused(reading: Promise<string>): Promise<void> {
  await assert.rejects(reading, (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.ok(error.kind === 'invalid' || error.kind === 'transient', error.message);
    assert.doesNotMatch(error.message, FOREIGN_WORDS);
    return true;
  });
}

for (const name of names) {
  describe(`an object that ${name} sends`, { concurrency: 4 }, () => {
    for (const [title, text] of Object.entries(whole)) {
      it(`is read whole: ${title}`, async () => {
        assert.equal(await read(name, text, { size: 3 }), 'abc');
      });
    }
    // The others ask for the length in a way that this server does not know.
    for (const [title, text] of Object.entries(name === 'GCS' || name === 'ABS' ? {} : withoutLength)) {
      it(`is read whole: ${title}`, async () => {
        assert.equal(await read(name, text, { size: 3 }), 'abc');
      });
    }
    for (const [title, text] of Object.entries(broken)) {
      it(`is refused: ${title}`, async () => {
        await assertRefused(read(name, text, { size: 3 }));
      });
    }
    it('is read in part', async () => {
      const text = part({ 'content-range': 'bytes 0-2/9' });
      assert.equal(await read(name, text, { size: 9, range: { start: 0, end: 3 } }), 'abc');
    });
    for (const [title, text] of Object.entries(otherParts)) {
      it(`is refused where a part was asked for: ${title}`, async () => {
        await assertRefused(read(name, text, { size: 9, range: { start: 0, end: 3 } }));
      });
    }
  });
}
