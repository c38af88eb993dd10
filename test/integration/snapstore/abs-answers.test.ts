import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AbsBucket } from '../../../src/snapstore/providers/abs/abs-bucket.ts';
import { StoreError, type StoreErrorKind } from '../../../src/snapstore/store-error.ts';
import { uploadInChunks } from '../../../src/snapstore/upload/uploader.ts';
import { jumpingClock } from '../../support/clock/jumping-clock.ts';
import { quietLogger } from '../../support/context/quiet-logger.ts';
import { collected, inPieces } from '../../support/fixtures/byte-streams.ts';
import { absOperation } from '../../support/servers/abs-operations.ts';
import {
  type AnswerScript,
  foreignAnswers,
  htmlAnswer,
  playAnswers,
  xmlStep,
} from '../../support/servers/answer-script.ts';
import { type Azurite, startAzurite } from '../../support/servers/azurite.ts';
import { type FaultProxy, startFaultProxy } from '../../support/servers/fault-proxy.ts';

const { signal } = new AbortController();

let azurite: Azurite;
let proxy: FaultProxy;
let bucket: AbsBucket;
before(async () => {
  azurite = await startAzurite();
  const container = await azurite.createContainer('scripted');
  await container.getBlockBlobClient('kept').upload('the whole text', 14);
  proxy = await startFaultProxy(`http://127.0.0.1:${azurite.port}`, { nameOf: absOperation });
  bucket = new AbsBucket({
    container: 'scripted',
    credentials: { storageAccount: azurite.account, storageKey: azurite.key, domain: 'unused.invalid' },
    endpoint: `${proxy.endpoint}/${azurite.account}`,
    clock: jumpingClock(),
  });
});
after(async () => {
  await bucket[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await azurite[Symbol.asyncDispose]();
});

const list = (): Promise<unknown> => Array.fromAsync(bucket.list('', { signal }));
const read = async (): Promise<string> => (await collected(await bucket.read('kept', { signal }))).toString();
const save = (): Promise<unknown> =>
  uploadInChunks(
    bucket,
    { key: 'new', body: inPieces(Buffer.from('text'), 2), sizeBound: 4, signal },
    { parallel: 1, minChunkSize: 0, clock: jumpingClock(), log: quietLogger },
  );

async function refused(
  script: AnswerScript,
  attempt: () => Promise<unknown>,
  kind: StoreErrorKind,
  found: RegExp,
): Promise<void> {
  proxy.fault(playAnswers(script));
  await assert.rejects(attempt(), (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.match(error.message, found);
    assert.equal(error.kind, kind, error.message);
    return true;
  });
}

describe('an answer of success that is not of a Blob service', () => {
  for (const [operation, attempt] of Object.entries({
    ListBlobs: list,
    PutBlock: save,
    PutBlockList: save,
    GetBlobProperties: save,
    GetBlob: read,
    DeleteBlob: () => bucket.delete('kept', { signal }),
  })) {
    for (const [title, answer] of Object.entries(foreignAnswers)) {
      it(`is an error for ${operation}: ${title}`, async () => {
        await refused(
          { [operation]: answer },
          attempt,
          'invalid',
          /what answers at http:\S+ is no Blob service: it sent /,
        );
      });
    }
  }
});

describe('a page of a listing of blobs', () => {
  const page = (rest: string) =>
    xmlStep(
      `<EnumerationResults ContainerName="scripted"><Blobs>${rest.includes('<Blob>') ? rest : ''}</Blobs>${
        rest.includes('<Blob>') ? '' : rest
      }</EnumerationResults>`,
    );

  it('with the mark of one before it is an error', async () => {
    const script = { ListBlobs: page('<NextMarker>a</NextMarker>') };
    await refused(script, list, 'invalid', /begins at the same place/);
  });

  it('with a blob that has no size is an error', async () => {
    const blob =
      '<Blob><Name>kept</Name><Properties><Last-Modified>Thu, 01 Jan 2026 00:00:00 GMT</Last-Modified></Properties></Blob>';
    await refused({ ListBlobs: page(blob) }, list, 'invalid', /a blob is listed without its size/);
  });
});

it('a listing is repeated without tags and policies where the service refuses those, and says so', async () => {
  const refusal = xmlStep('<Error><Code>FeatureNotSupportedForAccount</Code></Error>', {
    status: 409,
    headers: { 'x-ms-error-code': 'FeatureNotSupportedForAccount', 'x-ms-request-id': '1' },
  });
  proxy.fault(playAnswers({ ListBlobs: [refusal, 'proper'] }));
  const doubts: string[] = [];
  const entries = await Array.fromAsync(bucket.list('', { signal, onDoubt: ({ about }) => doubts.push(about) }));
  assert.ok(entries.some(({ key }) => key === 'kept'));
  assert.deepEqual(doubts, ['marks']);
  await refused({ ListBlobs: refusal }, list, 'invalid', /409 FeatureNotSupportedForAccount/);
});

describe('a refusal on the way to a Blob service', () => {
  for (const [title, { answer, kind, found }] of Object.entries({
    'for its size': { answer: htmlAnswer(413), kind: 'invalid', found: /raise its limit, or lower --min-chunk-size/ },
    'as a redirection': {
      answer: htmlAnswer(302, { location: 'https://login.example/?token=secret' }),
      kind: 'invalid',
      found: /no Blob service: it sent a redirection \(302\) to https:\/\/login\.example;/,
    },
    'not implemented': { answer: { status: 501 }, kind: 'invalid', found: /501/ },
    'as a page of HTML, 400': { answer: htmlAnswer(400), kind: 'invalid', found: /a page of HTML \(status 400\)/ },
    'as a page of HTML, 404': { answer: htmlAnswer(404), kind: 'invalid', found: /no Blob service/ },
    'as a page of HTML, 403': { answer: htmlAnswer(403), kind: 'denied', found: /a page of HTML \(status 403\)/ },
    'as a page of HTML, 503': { answer: htmlAnswer(503), kind: 'transient', found: /a page of HTML \(status 503\)/ },
  } as const)) {
    it(`says what it means: ${title}`, async () => {
      await refused({ '*': answer }, list, kind, found);
      await refused({ PutBlock: answer }, save, kind, found);
    });
  }
});

it('a blob that was uploaded counts, though the look at it does not say how long it is, or when it was made', async () => {
  const look = { performed: true, chunked: true, headers: { 'last-modified': 'yesterday' } } as const;
  proxy.fault(playAnswers({ GetBlobProperties: look, PutBlockList: { performed: true, headers: look.headers } }));
  assert.deepEqual(await save(), { key: 'new', size: 4, modifiedAt: 0 });
  proxy.fault(playAnswers({ GetBlobProperties: look, GetBlob: { performed: true, chunked: true } }));
  assert.equal((await collected(await bucket.read('new', { signal, size: 4 }))).toString(), 'text');
});

it('a blob that comes in pieces, without its length, is read whole', async () => {
  proxy.fault(playAnswers({ GetBlob: { performed: true, chunked: true } }));
  assert.equal(await read(), 'the whole text');
  const range = { start: 4, end: 9 };
  assert.equal((await collected(await bucket.read('kept', { signal, range }))).toString(), 'whole');
});
