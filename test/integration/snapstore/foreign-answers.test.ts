import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import type { Bucket } from '../../../src/snapstore/bucket.ts';
import { GcsBucket } from '../../../src/snapstore/providers/gcs/gcs-bucket.ts';
import { anonymous } from '../../../src/snapstore/providers/gcs/google-authorizer.ts';
import { OssBucket } from '../../../src/snapstore/providers/oss/oss-bucket.ts';
import { StoreError } from '../../../src/snapstore/store-error.ts';
import { jumpingClock } from '../../support/clock/jumping-clock.ts';
import { type AnswerScript, foreignAnswers, htmlAnswer, playAnswers } from '../../support/servers/answer-script.ts';
import { startGcsServer } from '../../support/servers/gcs-server.ts';
import { startOssServer } from '../../support/servers/oss-server.ts';
import { listed, readWhole, uploadInParts } from '../../support/stores/bucket-calls.ts';
import { startScriptedSwift } from '../../support/stores/scripted-swift.ts';

const signal = new AbortController().signal;
const kept = 'v2/kept';
const body = Buffer.from('kept bytes');

/** A bucket that holds `kept`, on a server that answers by a script. */
interface Scripted extends AsyncDisposable {
  readonly bucket: Bucket;
  readonly calls: ReadonlyMap<string, number>;
}

type Attempt = (bucket: Bucket) => Promise<unknown>;

const list: Attempt = (bucket) => listed(bucket, 'v2/');
const read: Attempt = (bucket) => readWhole(bucket, kept);
const save: Attempt = (bucket) => uploadInParts(bucket, 'v2/new', Buffer.alloc(300_000, 7), 128 * 1024);
const remove: Attempt = (bucket) => bucket.delete(kept, { signal });

interface Subject {
  readonly service: string;
  /** What makes the adapter send each kind of request. */
  readonly attempts: Readonly<Record<string, Attempt>>;
  start(script: AnswerScript): Promise<Scripted>;
}

const subjects: readonly Subject[] = [
  {
    service: 'Google Cloud Storage',
    attempts: {
      'objects.list': list,
      'objects.download': read,
      'objects.get': save,
      'objects.insert': save,
      'objects.compose': save,
      'objects.delete': remove,
    },
    async start(script) {
      const server = await startGcsServer({ auth: 'none' });
      server.space.put(kept, body);
      server.fault(playAnswers(script));
      const { bucket: container, endpoint } = server;
      const bucket = new GcsBucket({ container, authorizer: anonymous, endpoint, clock: jumpingClock() });
      return { bucket, calls: server.calls, [Symbol.asyncDispose]: () => close(bucket, server) };
    },
  },
  {
    service: 'OSS',
    attempts: {
      GetBucketWorm: list,
      ListObjectsV2: list,
      GetObject: read,
      InitiateMultipartUpload: save,
      UploadPart: save,
      CompleteMultipartUpload: save,
      HeadObject: remove,
      DeleteObject: remove,
    },
    async start(script) {
      const server = await startOssServer();
      server.space.put(kept, body);
      server.fault(playAnswers(script));
      const credentials = { storageEndpoint: 'unused.invalid', ...server.keys };
      const { bucket: container, endpoint } = server;
      const bucket = new OssBucket({ container, credentials, endpoint, clock: jumpingClock() });
      return { bucket, calls: server.calls, [Symbol.asyncDispose]: () => close(bucket, server) };
    },
  },
  {
    service: 'Swift',
    attempts: { list, read, write: save, head: save, delete: remove },
    async start(script) {
      const swift = await startScriptedSwift(script);
      swift.objects.set(kept, body);
      return swift;
    },
  },
];

async function close(bucket: Bucket, server: AsyncDisposable): Promise<void> {
  await bucket[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
}

/** Words of SDKs and of Node that no operator should read. */
const words = /Unexpected|Cannot read|undefined|\[object|null|SyntaxError|TypeError|JSON at|hidden field|Unknown/;

async function refusal(work: Promise<unknown>): Promise<StoreError> {
  const error = await work.then(
    (value) => assert.fail(`it succeeded: ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StoreError, String(error));
  assert.doesNotMatch(error.message, words);
  return error;
}

describe('an answer of OSS', () => {
  const oss = subjects.find(({ service }) => service === 'OSS') ?? assert.fail();
  const bytes = Buffer.alloc(300_000, 7);

  it('that does not say how long an object is, or when it was made, is no reason to remove it', async () => {
    const left = { performed: true, chunked: true, headers: { 'last-modified': 'soon' } } as const;
    await using subject = await oss.start({ HeadObject: left, GetObject: { performed: true, chunked: true } });
    const { size, modifiedAt } = await uploadInParts(subject.bucket, 'v2/new', bytes, 128 * 1024);
    assert.equal(size, bytes.length);
    assert.ok(Number.isFinite(modifiedAt));
    const body = await subject.bucket.read('v2/new', { signal, size });
    assert.ok((await buffer(body)).equals(bytes));
  });

  it('that has no tag for a part is none', async () => {
    await using subject = await oss.start({ UploadPart: { headers: { 'x-oss-request-id': '1' } } });
    const error = await refusal(uploadInParts(subject.bucket, 'v2/new', bytes, 128 * 1024));
    assert.match(error.message, /is no OSS: it sent an empty answer/);
  });

  it('to a listing is no part of one', async () => {
    await using subject = await oss.start({ ListObjectsV2: { performed: true, status: 206 } });
    const error = await refusal(list(subject.bucket));
    assert.match(error.message, /is no OSS: it sent .*\(status 206\)/);
  });
});

for (const { service, attempts, start } of subjects) {
  describe(`what is not an answer of ${service}`, () => {
    for (const [operation, attempt] of Object.entries(attempts)) {
      for (const [title, answer] of Object.entries(foreignAnswers)) {
        // An empty answer to a deletion is the service's own, and a HEAD has no body to tell by.
        const isProper = /delete/i.test(operation) && title === 'an empty body' && service === 'Google Cloud Storage';
        if (isProper) {
          continue;
        }
        it(`is an error for ${operation}: ${title}`, async () => {
          await using subject = await start({ [operation]: answer });
          const error = await refusal(attempt(subject.bucket));
          assert.ok((subject.calls.get(operation) ?? 0) > 0, `${operation} was never asked`);
          assert.equal(error.kind, 'invalid', error.message);
          assert.ok(error.message.includes(`is no ${service}: it sent`), error.message);
        });
      }
    }

    it('is named where it is a redirection, without what its address holds', async () => {
      await using subject = await start({
        [Object.keys(attempts)[0] ?? '']: htmlAnswer(302, { location: 'https://login.example/?token=secret' }),
      });
      const error = await refusal(list(subject.bucket));
      assert.equal(error.kind, 'invalid', error.message);
      assert.doesNotMatch(error.message, /secret/);
    });

    for (const status of [400, 403, 404, 405, 413, 501, 505]) {
      it(`is said in our words: ${status} with a page of HTML`, async () => {
        await using subject = await start({ '*': htmlAnswer(status) });
        const error = await refusal(list(subject.bucket));
        assert.notEqual(error.kind, 'transient', error.message);
        assert.notEqual(error.kind, 'not_found', error.message);
      });
    }
  });
}
