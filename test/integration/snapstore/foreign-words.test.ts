import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { makeTempDir, type TempDir } from '../../../scripts/lab/temp-dir.ts';
import { errorText } from '../../../src/runtime/log/error-text.ts';
import type { Bucket } from '../../../src/snapstore/bucket.ts';
import { StoreError } from '../../../src/snapstore/store-error.ts';
import { FOREIGN_WORDS } from '../../conformance/cases/foreign-answer-cases.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';
import { type RawAnswer, rawBytes, rawHttp, startRawServer } from '../../support/servers/raw-server.ts';
import { listed, readWhole, uploadInParts } from '../../support/stores/bucket-calls.ts';
import { openRaw, type RawSubject, rawSubjects } from '../../support/stores/raw-subjects.ts';

const { signal } = new AbortController();

/** Nothing here is worth waiting for; on a slow machine that no answer has come in time is right as well. */
const timeouts = {
  requestMs: 400,
  partMs: 400,
  stallMs: 400,
  retries: { firstMs: 1, multiplier: 1, longestMs: 1, retries: 1 },
};

const PAGE = '<!doctype html><html><head><title>Sign in</title></head><body>Please sign in</body></html>';
const html = (status: string, headers: Readonly<Record<string, string>> = {}): RawAnswer =>
  rawHttp(status, PAGE, { 'content-type': 'text/html', ...headers });
const json = (body: string, status = '200 OK'): RawAnswer =>
  rawHttp(status, body, { 'content-type': 'application/json' });
const xml = (body: string | Buffer, status = '200 OK'): RawAnswer =>
  rawHttp(status, body, { 'content-type': 'application/xml' });
const deep = (open: string, close: string): string => open.repeat(50_000) + close.repeat(50_000);

/** What may stand in the place of a store, or on the way to one. */
const answers: Readonly<Record<string, RawAnswer>> = {
  'a page': html('200 OK'),
  nothing: rawHttp('200 OK'),
  'nothing, and no length': rawBytes('HTTP/1.1 200 OK\r\n\r\n'),
  '204': rawHttp('204 No Content'),
  '206 of nothing': rawHttp('206 Partial Content'),
  '304': rawHttp('304 Not Modified'),
  'JSON of another service': json('{"status":"ok","items":[{}],"kind":"x","version":"1.2"}'),
  'JSON null': json('null'),
  'a list of null': json('[null]'),
  'a list of an object without fields': json('[{}]'),
  'JSON that is cut': json('{"items":[{"name":"a"'),
  'JSON 50,000 deep': json(deep('[', ']')),
  'JSON with items of other types': json('{"kind":"storage#objects","items":[{"name":1,"size":{},"updated":[]}]}'),
  'foreign XML': xml('<rss version="2.0"><channel/></rss>'),
  'XML 50,000 deep': xml(deep('<a>', '</a>')),
  'XML that is cut': xml('<ListBucketResult><Contents><Key>v2/a'),
  'XML with entities that grow': xml(
    `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 9 }, (_, at) => `<!ENTITY b${at} "${`&${at === 0 ? 'a' : `b${at - 1}`};`.repeat(10)}">`).join('')}]><ListBucketResult><Name>&b8;</Name></ListBucketResult>`,
  ),
  'XML in UTF-16': xml(Buffer.from('\ufeff<?xml version="1.0" encoding="UTF-16"?><a/>', 'utf16le')),
  'XML of a listing whose entries are empty': xml(
    '<ListBucketResult><IsTruncated>false</IsTruncated><Contents/></ListBucketResult>',
  ),
  'an error in XML without fields': xml('<Error/>', '403 Forbidden'),
  'an error in XML of another kind': xml('<Error><Code><x/></Code><Message><y/></Message></Error>', '400 Bad Request'),
  'an error in JSON of another kind': json('{"error":{"errors":null,"message":{"a":1}}}', '403 Forbidden'),
  'an error with a stack of another program': json(
    '{"error":"java.lang.NullPointerException\\n\\tat com.example.Foo.bar(Foo.java:1)"}',
    '500 Internal Server Error',
  ),
  'random bytes': rawHttp('200 OK', randomBytes(5_000)),
  'what claims to be gzip': rawHttp('200 OK', 'no gzip', { 'content-encoding': 'gzip' }),
  'a gzip that is cut': rawHttp('200 OK', gzipSync(PAGE).subarray(0, 40), { 'content-encoding': 'gzip' }),
  'an unknown encoding': rawHttp('200 OK', PAGE, { 'content-encoding': 'zstd-of-mine' }),
  '301 to itself': html('301 Moved Permanently', { location: '/' }),
  '301 without a place': html('301 Moved Permanently'),
  '301 to another region': html('301 Moved Permanently', { 'x-amz-bucket-region': 'eu-west-9' }),
  '302 to a login': html('302 Found', { location: 'https://login.example/?token=secret' }),
  '307 to nowhere': html('307 Temporary Redirect', { location: 'http://127.0.0.1:1/' }),
  '308 to no URL': html('308 Permanent Redirect', { location: 'http://[' }),
  '401': html('401 Unauthorized', { 'www-authenticate': 'Negotiate' }),
  '404': html('404 Not Found'),
  '405': html('405 Method Not Allowed'),
  '406': html('406 Not Acceptable'),
  '407': html('407 Proxy Authentication Required'),
  '409': html('409 Conflict'),
  '411': html('411 Length Required'),
  '412': html('412 Precondition Failed'),
  '413': html('413 Content Too Large'),
  '414': html('414 URI Too Long'),
  '415': html('415 Unsupported Media Type'),
  '416': html('416 Range Not Satisfiable'),
  '418': html("418 I'm a teapot"),
  '421': html('421 Misdirected Request'),
  '422': html('422 Unprocessable Content'),
  '426': html('426 Upgrade Required', { upgrade: 'h2c' }),
  '429': html('429 Too Many Requests', { 'retry-after': 'soon' }),
  '431': html('431 Request Header Fields Too Large'),
  '451': html('451 Unavailable For Legal Reasons'),
  '500': html('500 Internal Server Error'),
  '501': html('501 Not Implemented'),
  '502': html('502 Bad Gateway'),
  '503': html('503 Slow Down', { 'retry-after': '0' }),
  '504': html('504 Gateway Timeout'),
  '505': html('505 HTTP Version Not Supported'),
  '511': html('511 Network Authentication Required'),
  '520 of a proxy': html('520 Web Server Returned an Unknown Error'),
  '999': html('999 Request denied'),
  'a greeting of SSH': rawBytes('SSH-2.0-OpenSSH_9.2p1\r\n'),
  'a greeting of mail': rawBytes('220 mail.example ESMTP\r\n'),
  'an alert of TLS': rawBytes(Buffer.from([0x15, 3, 3, 0, 2, 2, 70])),
  'frames of HTTP/2': rawBytes(Buffer.from('00000c04000000000000030000006400040000ffff', 'hex')),
  'a version of HTTP that is none': rawBytes('HTTP/9.9 200 OK\r\ncontent-length: 0\r\n\r\n'),
  'a status that is none': rawBytes('HTTP/1.1 abc OK\r\n\r\n'),
  'headers that are cut': rawBytes('HTTP/1.1 200 OK\r\ncontent-le'),
  'headers that are too long': rawBytes(`HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(300_000)}\r\n\r\n`),
  'a header that is none': rawBytes('HTTP/1.1 200 OK\r\nno colon here\r\n\r\n'),
  'two lengths': rawBytes('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok'),
  'a length that is none': rawBytes('HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\nok'),
  'a length below zero': rawBytes('HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nok'),
  'chunks that are none': rawBytes('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzzz\r\n'),
  'chunks that do not end': rawBytes('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel', 'cut'),
  'an end without a word': rawBytes('', 'end'),
  'a reset without a word': rawBytes('', 'cut'),
  'a reset in the headers': rawBytes('HTTP/1.1 200 OK\r\n', 'cut'),
  'a reset in the body': rawBytes('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n<?xml version="1.0"?><ListB', 'cut'),
  'an end in the body': rawBytes('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n[{"name":"v2/a"', 'end'),
  'no word at all': () => undefined,
  'no word after the headers': rawBytes('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n', 'stay'),
  'no word in the body': rawBytes('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n<?xml version="1.0"?>', 'stay'),
  '100 and no more': rawBytes('HTTP/1.1 100 Continue\r\n\r\n', 'stay'),
  '103 and no more': rawBytes('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n', 'stay'),
};

/** Answers that a store may well give to a deletion, or to a look at an object. */
const proper: Readonly<Record<string, RegExp>> = {
  delete: /^(204|nothing.*|404)$/,
  // Bytes of an object may be anything; what restores it compares their hash.
  read: /^(random bytes|what claims to be gzip|a gzip that is cut|an unknown encoding)$/,
};

let dir: TempDir;
before(() => {
  dir = makeTempDir();
});
after(() => dir[Symbol.dispose]());

const subjects: Readonly<Record<string, RawSubject>> = rawSubjects;

/** These have the adapter of S3; a few answers show that it is theirs. */
const sameAsS3: ReadonlySet<string> = new Set(['ECS', 'OCS']);

const attempts: Readonly<Record<string, (bucket: Bucket) => Promise<unknown>>> = {
  list: (bucket) => listed(bucket, 'v2/'),
  read: (bucket) => readWhole(bucket, 'v2/a'),
  save: (bucket) => uploadInParts(bucket, 'v2/a', Buffer.alloc(300_000, 7), 128 * 1024),
  delete: (bucket) => bucket.delete('v2/a', { signal }),
};

/** Words of other programs, beyond {@link FOREIGN_WORDS}, and traces. */
const OTHERS =
  /\n|node:|node_modules|Error: |NullPointer|sign in|<html|Parse Error|Exceeded|fetch failed|terminated|other side closed|Client network|aborted|Body (?:is|has)|unexpected end|incorrect header|Z_[A-Z]+_ERROR|Entity|Maximum|(?<!accessKey)secret|the store answered 200/i;

/** Opens what is at `url` as a store of a kind. */
const openAt = (
  subject: RawSubject,
  url: string,
  { log, requestMs }: { readonly log: RecordedLog; readonly requestMs: number },
): Promise<Bucket> => openRaw(subject, url, { dir, log, timeouts: { ...timeouts, requestMs } });

describe('whatever answers in the place of a store, or on the way to one, is told in our words', () => {
  for (const [name, subject] of Object.entries(subjects)) {
    describe(name, { concurrency: 6 }, () => {
      for (const [at, [title, answer]] of Object.entries(answers).entries()) {
        if (sameAsS3.has(name) && at % 8 !== 0) {
          continue;
        }
        it(title, async () => {
          let url = '';
          await using server = await startRawServer((socket, head) => {
            if (subject.login?.(socket, head, url) !== true) {
              answer(socket, head);
            }
          });
          url = server.url;
          const log = new RecordedLog();
          await using bucket = await openAt(subject, url, { log, requestMs: timeouts.requestMs });
          for (const [what, attempt] of Object.entries(attempts)) {
            const error = await attempt(bucket).then(
              () => undefined,
              (reason: unknown) => reason,
            );
            const which = `${what}: ${error}`;
            if (error === undefined) {
              assert.match(title, proper[what] ?? /^$/, `${what} succeeded`);
              continue;
            }
            assert.ok(error instanceof StoreError, which);
            const text = errorText(error);
            assert.match(text, /^cannot [a-z]/, which);
            assert.doesNotMatch(text, FOREIGN_WORDS, which);
            assert.doesNotMatch(text, OTHERS, which);
            assert.ok(text.length < 700, which);
          }
          for (const { text, fields } of log.lines) {
            const line = `${text} ${Object.values(fields).map((value) => (value instanceof Error ? errorText(value) : String(value)))}`;
            assert.doesNotMatch(line, FOREIGN_WORDS);
            assert.doesNotMatch(line, OTHERS);
          }
        });
      }
    });
  }
});

/** More than any adapter takes of an answer that is no listing. */
const longest = 12 * 1024 * 1024;

/** Answers with as much as is taken, up to eight times {@link longest}; tells how much that was, bytes. */
function endless(status: string): { readonly answer: RawAnswer; taken(): number } {
  let most = 0;
  const piece = Buffer.alloc(256 * 1024, 'a');
  const answer: RawAnswer = (socket) => {
    socket.write(`HTTP/1.1 ${status}\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n`);
    const send = (): void => {
      most = Math.max(most, socket.bytesWritten);
      if (socket.bytesWritten > 8 * longest) {
        socket.end();
      } else if (!socket.destroyed) {
        socket.write(piece, () => setImmediate(send));
      }
    };
    send();
  };
  return { answer, taken: () => most };
}

describe('a refusal that does not end is not read to its end', () => {
  for (const [name, subject] of Object.entries(subjects).filter(([each]) => !sameAsS3.has(each))) {
    it(name, async () => {
      let url = '';
      const { answer, taken } = endless('403 Forbidden');
      await using server = await startRawServer((socket, head) => {
        if (subject.login?.(socket, head, url) !== true) {
          answer(socket, head);
        }
      });
      url = server.url;
      await using bucket = await openAt(subject, url, { log: new RecordedLog(), requestMs: 20_000 });
      for (const [what, attempt] of Object.entries(attempts)) {
        await assert.rejects(attempt(bucket), StoreError, what);
      }
      assert.ok(taken() < longest, `${taken()} bytes were taken`);
    });
  }
});

it('a login that does not end is not read to its end, and is none', async () => {
  const { answer, taken } = endless('201 Created');
  await using server = await startRawServer(answer);
  const subject = subjects['Swift, at its login'];
  assert.ok(subject);
  await using bucket = await openAt(subject, server.url, { log: new RecordedLog(), requestMs: 20_000 });
  await assert.rejects(listed(bucket, 'v2/'), { kind: 'invalid' });
  assert.ok(taken() < longest, `${taken()} bytes were taken`);
});
