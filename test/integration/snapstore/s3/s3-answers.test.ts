import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeCertificates } from '../../../../scripts/lab/certificates.ts';
import { limits } from '../../../../src/runtime/limits.ts';
import type { ListingDoubt, ObjectEntry } from '../../../../src/snapstore/bucket.ts';
import { directNetwork } from '../../../../src/snapstore/http/store-network.ts';
import { compatibleService } from '../../../../src/snapstore/providers/s3/compatible-service.ts';
import { S3Bucket } from '../../../../src/snapstore/providers/s3/s3-bucket.ts';
import { StoreError, type StoreErrorKind } from '../../../../src/snapstore/store-error.ts';
import { uploadInChunks } from '../../../../src/snapstore/upload/uploader.ts';
import { jumpingClock } from '../../../support/clock/jumping-clock.ts';
import { quietLogger } from '../../../support/context/quiet-logger.ts';
import { collected } from '../../../support/fixtures/byte-streams.ts';
import {
  type AnswerScript,
  foreignAnswers,
  htmlAnswer,
  xmlRefusal,
  xmlStep,
} from '../../../support/servers/answer-script.ts';
import { startFaultProxy } from '../../../support/servers/fault-proxy.ts';
import { startS3Server } from '../../../support/servers/s3-server.ts';
import { readWhole, uploadInParts } from '../../../support/stores/bucket-calls.ts';
import { startScriptedS3 } from '../../../support/stores/scripted-s3.ts';

const { signal } = new AbortController();

async function list(bucket: S3Bucket, prefix = ''): Promise<{ entries: ObjectEntry[]; doubts: ListingDoubt[] }> {
  const doubts: ListingDoubt[] = [];
  const entries = await Array.fromAsync(bucket.list(prefix, { signal, onDoubt: (doubt) => doubts.push(doubt) }));
  return { entries, doubts };
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function save(bucket: S3Bucket, key: string, text: string): Promise<ObjectEntry> {
  return await uploadInChunks(
    bucket,
    { key, body: once(text), again: () => once(text), sizeBound: text.length, signal },
    { parallel: 1, minChunkSize: 0, clock: jumpingClock(), log: quietLogger },
  );
}

async function read(bucket: S3Bucket, key: string): Promise<string> {
  return (await collected(await bucket.read(key, { signal }))).toString();
}

async function refused(attempt: Promise<unknown>, kind: StoreErrorKind, found: RegExp): Promise<StoreError> {
  let caught: unknown;
  await attempt.catch((error: unknown) => {
    caught = error;
  });
  assert.ok(caught instanceof StoreError, String(caught ?? 'it was not refused'));
  assert.match(caught.message, found);
  assert.equal(caught.kind, kind, caught.message);
  return caught;
}

/** Every operation of the adapter, by the kind of request that is answered. */
const OPERATIONS: Readonly<Record<string, (bucket: S3Bucket) => Promise<unknown>>> = {
  versioning: (bucket) => list(bucket),
  ListObjectsV2: (bucket) => list(bucket),
  versions: (bucket) => list(bucket),
  'object-lock': (bucket) => list(bucket),
  GetObjectTagging: (bucket) => list(bucket),
  CreateMultipartUpload: (bucket) => save(bucket, 'new', 'text'),
  UploadPart: (bucket) => save(bucket, 'new', 'text'),
  CompleteMultipartUpload: (bucket) => save(bucket, 'new', 'text'),
  HeadObject: (bucket) => save(bucket, 'new', 'text'),
  GetObject: (bucket) => read(bucket, 'kept'),
};

/** What makes the adapter send the request. */
const SURROUNDINGS: Readonly<Record<string, AnswerScript>> = {
  versions: { versioning: xmlStep('<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>') },
  'object-lock': { versioning: xmlStep('<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>') },
  GetObjectTagging: {
    versioning: xmlStep('<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'),
    versions: xmlStep(`<ListVersionsResult><IsTruncated>false</IsTruncated>
      <Version><Key>kept</Key><VersionId>1</VersionId><Size>4</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Version>
      <DeleteMarker><Key>kept</Key><VersionId>2</VersionId></DeleteMarker></ListVersionsResult>`),
  },
};

describe('an answer of success that is not of an S3 service', () => {
  for (const [operation, attempt] of Object.entries(OPERATIONS)) {
    for (const [title, answer] of Object.entries(foreignAnswers)) {
      it(`is an error for ${operation}: ${title}`, async () => {
        await using s3 = await startScriptedS3({ ...SURROUNDINGS[operation], [operation]: answer });
        s3.put('kept', 'text');
        const error = await refused(attempt(s3.bucket), 'invalid', /is no S3 service: it sent /);
        assert.ok(error.message.includes(`what answers at ${s3.server.endpoint} is`), error.message);
        assert.ok((s3.server.calls.get(operation) ?? 0) > 0);
      });
    }
  }

  it('is an error for a deletion: a page of HTML', async () => {
    await using s3 = await startScriptedS3({ DeleteObject: htmlAnswer(200) });
    s3.put('kept', 'text');
    await refused(s3.bucket.delete('kept', { signal }), 'invalid', /is no S3 service/);
  });

  for (const status of [404, 405, 410]) {
    it(`is not taken for the store's refusal either: ${status} with a page of HTML`, async () => {
      await using s3 = await startScriptedS3({ '*': htmlAnswer(status) });
      await refused(list(s3.bucket), 'invalid', /is no S3 service: it sent a page of HTML \(status \d+\)/);
      await refused(read(s3.bucket, 'kept'), 'invalid', /is no S3 service/);
    });
  }

  it('names where a redirection leads', async () => {
    await using s3 = await startScriptedS3({
      '*': htmlAnswer(302, { location: 'https://login.example/?token=secret' }),
    });
    const error = await refused(
      list(s3.bucket),
      'invalid',
      /it sent a redirection \(302\) to https:\/\/login\.example;/,
    );
    assert.ok(!error.message.includes('secret'));
  });

  it('is found out where it is a part of what was asked for, or was compressed on the way', async () => {
    const headers = { 'content-type': 'application/octet-stream', 'x-amz-request-id': '1' };
    const part = { status: 206, headers: { ...headers, 'content-range': 'bytes 1-3/4' }, body: 'ext' };
    const packed = { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: 'longer' };
    for (const [answer, found] of [
      [part, /the store sends a part of it where all was asked for/],
      [packed, /it has 4 bytes, and the answer has 6: something on the way to the store changes answers/],
    ] as const) {
      await using s3 = await startScriptedS3({ GetObject: answer });
      s3.put('kept', 'text');
      await refused(s3.bucket.read('kept', { signal, size: 4 }), 'invalid', found);
    }
  });

  it('is found out even where the upload was completed before it came', async () => {
    await using s3 = await startScriptedS3({ CompleteMultipartUpload: { ...htmlAnswer(200), performed: true } });
    await refused(save(s3.bucket, 'new', 'text'), 'invalid', /is no S3 service/);
  });
});

describe('what an account is not allowed to know', () => {
  const denied = xmlRefusal(403, 'AccessDenied');
  const version = (key: string, id: string) =>
    `<Version><Key>${key}</Key><VersionId>${id}</VersionId><Size>4</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Version>`;

  it('about versioning is learned from the versions themselves', async () => {
    await using s3 = await startScriptedS3({
      versioning: denied,
      versions: xmlStep(`<ListVersionsResult><IsTruncated>false</IsTruncated>${version('hidden', 'v1')}
        <DeleteMarker><Key>hidden</Key><VersionId>v2</VersionId></DeleteMarker></ListVersionsResult>`),
      GetObjectTagging: xmlStep('<Tagging><TagSet></TagSet></Tagging>'),
    });
    const { entries, doubts } = await list(s3.bucket);
    assert.deepEqual(
      entries.map(({ key, versionId }) => [key, versionId]),
      [['hidden', 'v1']],
    );
    assert.deepEqual(doubts, []);
  });

  it('about versioning does not matter where all versions are null', async () => {
    await using s3 = await startScriptedS3({ versioning: denied });
    s3.put('kept', 'text');
    const { entries, doubts } = await list(s3.bucket);
    assert.deepEqual(
      entries.map(({ key, versionId }) => [key, versionId]),
      [['kept', undefined]],
    );
    assert.deepEqual(doubts, []);
  });

  it('about versioning and versions leaves a doubt about the objects', async () => {
    await using s3 = await startScriptedS3({ versioning: denied, versions: denied });
    const { entries, doubts } = await list(s3.bucket);
    assert.deepEqual(entries, []);
    assert.deepEqual(
      doubts.map(({ about }) => about),
      ['objects'],
    );
    assert.match(doubts[0]?.reason ?? '', /may keep versions, which cannot be seen/);
  });

  for (const [title, answer] of Object.entries({
    denied,
    'not implemented': xmlRefusal(501, 'NotImplemented'),
    'not allowed as a method': xmlRefusal(405, 'MethodNotAllowed'),
  })) {
    it(`about tags and locks does not end a listing: ${title}`, async () => {
      await using s3 = await startScriptedS3({
        ...SURROUNDINGS['GetObjectTagging'],
        GetObjectTagging: answer,
        'object-lock': answer,
      });
      const { entries, doubts } = await list(s3.bucket);
      assert.deepEqual(
        entries.map(({ key, excluded, immutableUntil }) => ({ key, excluded, immutableUntil })),
        [{ key: 'kept', excluded: undefined, immutableUntil: undefined }],
      );
      const about = doubts.map((doubt) => doubt.about).toSorted();
      assert.deepEqual(about, title === 'denied' ? ['locks', 'marks'] : []);
    });
  }

  for (const answer of [
    xmlRefusal(501, 'NotImplemented'),
    { status: 501 },
    xmlRefusal(405, 'MethodNotAllowed'),
    xmlRefusal(400, 'InvalidArgument'),
  ]) {
    it(`is nothing where the service knows no versions: ${answer.status}`, async () => {
      await using s3 = await startScriptedS3({ versioning: answer });
      s3.put('kept', 'text');
      const { entries, doubts } = await list(s3.bucket);
      assert.deepEqual([entries.length, doubts.length], [1, 0]);
      assert.equal(s3.server.calls.get('versioning'), 1, 'it is not asked again');
    });
  }
});

describe('a page of a listing', () => {
  const object = '<Contents><Key>kept</Key><Size>4</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>';
  const enabled = {
    versioning: xmlStep('<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'),
  };

  it('that says more follow and not where is an error', async () => {
    const page = xmlStep(`<ListBucketResult><IsTruncated>true</IsTruncated>${object}</ListBucketResult>`);
    await using s3 = await startScriptedS3({ ListObjectsV2: page });
    await refused(list(s3.bucket), 'invalid', /a page says that more follow, and not where they begin/);
  });

  it('that has the mark of one before it is an error', async () => {
    const page = (mark: string) =>
      xmlStep(
        `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>${mark}</NextContinuationToken>${object}</ListBucketResult>`,
      );
    await using s3 = await startScriptedS3({ ListObjectsV2: [page('a'), page('b'), page('a')] });
    await refused(list(s3.bucket), 'invalid', /begins at the same place/);
    assert.equal(s3.server.calls.get('ListObjectsV2'), 3);
  });

  it('of versions without a mark, or with the same, is an error', async () => {
    for (const marker of ['', '<NextKeyMarker>k</NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker>']) {
      const versions = xmlStep(`<ListVersionsResult><IsTruncated>true</IsTruncated>${marker}</ListVersionsResult>`);
      await using s3 = await startScriptedS3({ ...enabled, versions });
      await refused(list(s3.bucket), 'invalid', /more follow, and not where|begins at the same place/);
    }
  });

  it('with an entry that has no size or no name is an error', async () => {
    for (const entry of ['<Contents><Key>kept</Key></Contents>', '<Contents><Size>4</Size></Contents>']) {
      await using s3 = await startScriptedS3({
        ListObjectsV2: xmlStep(`<ListBucketResult>${entry}</ListBucketResult>`),
      });
      await refused(list(s3.bucket), 'invalid', /an object is listed without its (size|name)/);
    }
  });

  it('that was cut short, as if it were whole, is asked for again', async () => {
    const cut = xmlStep(`<ListBucketResult><IsTruncated>false</IsTruncated>${object}`);
    await using s3 = await startScriptedS3({ ListObjectsV2: cut });
    await refused(list(s3.bucket), 'transient', /the answer was cut short/);
    await using passing = await startScriptedS3({ ListObjectsV2: [cut, 'proper'] });
    passing.put('kept', 'text');
    assert.equal((await list(passing.bucket)).entries.length, 1);
  });

  it('whose elements have a prefix that the parser does not know is not taken for an empty one', async () => {
    const page =
      '<s3:ListBucketResult xmlns:s3="x"><s3:Contents><s3:Key>kept</s3:Key></s3:Contents></s3:ListBucketResult>';
    await using s3 = await startScriptedS3({ ListObjectsV2: xmlStep(page) });
    await refused(list(s3.bucket), 'invalid', /no S3 service: it sent XML that begins with <s3:ListBucketResult>/);
  });

  it('that is longer than any can be is not read to its end', async () => {
    await using s3 = await startScriptedS3({
      ListObjectsV2: xmlStep(`<ListBucketResult>${' '.repeat(limits.storeAnswer.most)}</ListBucketResult>`),
    });
    await refused(list(s3.bucket), 'invalid', /is no S3 service/);
  });
});

it('an upload without an id is none', async () => {
  for (const id of ['', '<UploadId></UploadId>']) {
    const begun = xmlStep(`<InitiateMultipartUploadResult>${id}</InitiateMultipartUploadResult>`);
    await using s3 = await startScriptedS3({ CreateMultipartUpload: begun });
    await refused(save(s3.bucket, 'new', 'text'), 'invalid', /the store gave no id for it; check that the endpoint is/);
  }
});

describe('a refusal', () => {
  for (const [title, { answer, kind, found }] of Object.entries({
    'for its size': {
      answer: htmlAnswer(413),
      kind: 'invalid',
      found: /413.*limits the size of requests: raise its limit, or lower --min-chunk-size/,
    },
    'of another region': {
      answer: { status: 301, headers: { 'x-amz-bucket-region': 'eu-central-1' } },
      kind: 'invalid',
      found: /the bucket is in the region eu-central-1; set the region in the credentials to that/,
    },
    'of a malformed region': {
      answer: { ...xmlRefusal(400, 'AuthorizationHeaderMalformed'), headers: { 'x-amz-bucket-region': 'eu-west-1' } },
      kind: 'invalid',
      found: /the bucket is in the region eu-west-1/,
    },
    'that was not implemented': {
      answer: xmlRefusal(501, 'NotImplemented'),
      kind: 'invalid',
      found: /501 NotImplemented/,
    },
    'of its version of HTTP': { answer: { status: 505 }, kind: 'invalid', found: /505/ },
    'of a body that was cut': {
      answer: xmlRefusal(400, 'IncompleteBody'),
      kind: 'transient',
      found: /400 IncompleteBody/,
    },
    'for a conflict that passes': {
      answer: xmlRefusal(409, 'ConditionalRequestConflict'),
      kind: 'transient',
      found: /409/,
    },
    'by a page of HTML': {
      answer: htmlAnswer(400),
      kind: 'invalid',
      found: /is no S3 service: it sent a page of HTML/,
    },
    'of the login of a network': { answer: htmlAnswer(511), kind: 'invalid', found: /the network wants a login first/ },
  } as const)) {
    it(`says what it means: ${title}`, async () => {
      await using s3 = await startScriptedS3({ UploadPart: answer });
      await refused(save(s3.bucket, 'new', 'text'), kind, found);
    });
  }

  for (const status of [400, 501]) {
    it(`of a request with a checksum names the settings that leave it away: ${status}`, async () => {
      const supported = { requestChecksums: 'when_supported', responseChecksums: 'when_supported' } as const;
      for (const [operation, attempt] of [
        ['CreateMultipartUpload', (bucket: S3Bucket) => save(bucket, 'new', 'text')],
        ['UploadPart', (bucket: S3Bucket) => save(bucket, 'new', 'text')],
        ['GetObject', (bucket: S3Bucket) => read(bucket, 'kept')],
      ] as const) {
        const script = { [operation]: xmlRefusal(status, status === 501 ? 'NotImplemented' : 'InvalidArgument') };
        await using s3 = await startScriptedS3(script, supported);
        s3.put('kept', 'text');
        const hint = /set requestChecksumCalculation and responseChecksumValidation to when_required/;
        await refused(attempt(s3.bucket), 'invalid', hint);
        await using plain = await startScriptedS3(script);
        plain.put('kept', 'text');
        const error = await refused(attempt(plain.bucket), 'invalid', new RegExp(String(status)));
        assert.doesNotMatch(error.message, /requestChecksumCalculation/);
      }
    });
  }

  it('of uploads in parts says what the store lacks, whatever the settings of checksums', async () => {
    const supported = { requestChecksums: 'when_supported', responseChecksums: 'when_supported' } as const;
    for (const operation of ['CreateMultipartUpload', 'CompleteMultipartUpload']) {
      for (const settings of [{}, supported]) {
        await using s3 = await startScriptedS3({ [operation]: xmlRefusal(501, 'NotImplemented') }, settings);
        const found = /501 NotImplemented; .*the store has to know multipart uploads/;
        await refused(save(s3.bucket, 'new', 'text'), 'invalid', found);
        assert.equal(s3.server.objects.size, 0);
      }
    }
  });

  it('of an object in an archive says so, and blames no credentials', async () => {
    await using s3 = await startScriptedS3({ GetObject: xmlRefusal(403, 'InvalidObjectState') });
    s3.put('kept', 'text');
    const error = await refused(read(s3.bucket, 'kept'), 'invalid', /bring the object back from its archive/);
    assert.doesNotMatch(error.message, /credentials/);
  });
});

describe('a finished upload', () => {
  it('with the version "null" has none', async () => {
    await using s3 = await startScriptedS3({
      CompleteMultipartUpload: { performed: true, headers: { 'x-amz-version-id': 'null' } },
    });
    const entry = await save(s3.bucket, 'new', 'text');
    assert.equal(entry.versionId, undefined);
  });

  for (const [title, refusal] of Object.entries({ 400: { status: 400 }, 404: { status: 404 } })) {
    it(`is looked at once more, without its version: HEAD ${title}`, async () => {
      await using s3 = await startScriptedS3({
        CompleteMultipartUpload: { performed: true, headers: { 'x-amz-version-id': 'v1' } },
        HeadObject: [refusal, 'proper'],
      });
      const entry = await save(s3.bucket, 'new', 'text');
      assert.equal(entry.size, 4);
      assert.equal(s3.server.calls.get('HeadObject'), 2);
    });
  }

  it('that the store then does not have is an error, which says so', async () => {
    await using s3 = await startScriptedS3({ HeadObject: { status: 404 } });
    const found =
      /cannot verify \S+new: the store called its upload complete, and does not have it; see what deletes it/;
    await refused(save(s3.bucket, 'new', 'text'), 'not_found', found);
  });

  it('whose parts are encrypted with keys of KMS has ETags that are no MD5', async () => {
    const ETag = '"7f2a076d3d47f77d1020f8c55f67c74c"';
    for (const encryption of ['aws:kms', 'aws:kms:dsse', 'aws:fsx']) {
      const headers = { etag: ETag, 'x-amz-server-side-encryption': encryption };
      await using s3 = await startScriptedS3({ UploadPart: { performed: true, headers } });
      assert.equal((await save(s3.bucket, 'new', 'text')).size, 4);
    }
    const headers = { etag: ETag, 'x-amz-server-side-encryption': 'AES256' };
    await using s3 = await startScriptedS3({ UploadPart: { performed: true, headers } });
    await refused(save(s3.bucket, 'new', 'text'), 'transient', /received other bytes than were sent/);
  });

  for (const operation of ['UploadPart', 'CompleteMultipartUpload']) {
    it(`is one of a second upload when the store forgot the first: ${operation}`, async () => {
      await using s3 = await startScriptedS3({ [operation]: [xmlRefusal(404, 'NoSuchUpload'), 'proper'] });
      assert.equal((await save(s3.bucket, 'new', 'text')).size, 4);
      assert.equal(s3.server.calls.get('CreateMultipartUpload'), 2);
      assert.equal(s3.server.objects.get('new')?.bytes?.toString(), 'text');
      assert.equal(s3.server.uploads.size, 0, 'the first is removed');
    });
  }

  it('is not made when the store forgets every upload', async () => {
    await using s3 = await startScriptedS3({ UploadPart: xmlRefusal(404, 'NoSuchUpload') });
    await refused(save(s3.bucket, 'new', 'text'), 'transient', /the store does not know the upload any more/);
  });
});

describe('a body', () => {
  it('that comes in pieces, without its length, is read whole', async () => {
    await using s3 = await startScriptedS3({ GetObject: { performed: true, chunked: true } });
    s3.put('kept', 'the whole text');
    assert.equal(await read(s3.bucket, 'kept'), 'the whole text');
    const range = { start: 4, end: 100 };
    assert.equal((await collected(await s3.bucket.read('kept', { signal, range }))).toString(), 'whole text');
  });

  it('that comes in pieces and is shorter than the object fails', async () => {
    await using s3 = await startScriptedS3({
      GetObject: { chunked: true, headers: { etag: '"x"' }, body: 'the whole' },
    });
    s3.put('kept', 'the whole text');
    await assert.rejects(read(s3.bucket, 'kept'), /the body ended after 9 of 14 bytes/);
  });
});

describe('a deletion', () => {
  for (const status of [400, 403, 501]) {
    it(`is done although the object may not be looked at: HEAD ${status}`, async () => {
      await using s3 = await startScriptedS3({ HeadObject: { status } });
      s3.put('kept', 'text');
      await s3.bucket.delete('kept', { signal });
      assert.equal(s3.server.objects.size, 0);
    });
  }
});

describe('an object whose answers name nothing', () => {
  it('is read all the same, where type and length can be those of an object', async () => {
    const headers = { 'content-type': 'binary/octet-stream' };
    await using s3 = await startScriptedS3({ GetObject: { headers, body: 'the text' } });
    assert.equal(await read(s3.bucket, 'kept'), 'the text');
  });

  it('has the length that the listing shows, where no other is said', async () => {
    await using s3 = await startScriptedS3({
      GetObject: { performed: true, chunked: true },
      HeadObject: { performed: true, chunked: true },
    });
    s3.put('kept', 'the text');
    assert.equal((await collected(await s3.bucket.read('kept', { signal, size: 8 }))).toString(), 'the text');
    await assert.rejects(
      async () => await collected(await s3.bucket.read('kept', { signal, size: 9 })),
      /the body ended after 8 of 9 bytes/,
    );
    await refused(read(s3.bucket, 'kept'), 'invalid', /the store says nowhere how long the object is/);
  });
});

it('an object that was uploaded counts, though the look at it does not say how long it is', async () => {
  await using s3 = await startScriptedS3({ HeadObject: { performed: true, chunked: true } });
  const bytes = Buffer.alloc(300_000, 7);
  assert.equal((await uploadInParts(s3.bucket, 'new', bytes)).size, bytes.length);
  assert.ok((await readWhole(s3.bucket, 'new')).equals(bytes));
});

describe('the deletion of a locked object', () => {
  for (const answer of [
    xmlRefusal(400, 'InvalidRequest', 'Object is WORM protected and cannot be overwritten'),
    xmlRefusal(403, 'AccessDenied', 'Access Denied because object protected by object lock.'),
    xmlRefusal(403, 'AccessDenied', 'The object is under a legal hold'),
    xmlRefusal(409, 'ObjectLocked', 'its retention period is not over'),
  ]) {
    it(`is refused as that, whatever the status: ${answer.status} ${String(answer.body).slice(50, 100)}`, async () => {
      await using s3 = await startScriptedS3({ DeleteObject: answer });
      s3.put('kept', 'text');
      await refused(s3.bucket.delete('kept', { signal }), 'immutable', /locked/);
    });
  }

  for (const [title, headers] of Object.entries({
    'locked until 2': {
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'x-amz-object-lock-retain-until-date': '2999-01-01T00:00:00Z',
    },
    'under a legal hold': { 'x-amz-object-lock-legal-hold': 'ON' },
  })) {
    it(`is refused as that where HEAD shows it: ${title}`, async () => {
      await using s3 = await startScriptedS3({
        HeadObject: { performed: true, headers },
        DeleteObject: xmlRefusal(400, 'InvalidRequest'),
      });
      s3.put('kept', 'text');
      await refused(s3.bucket.delete('kept', { signal }), 'immutable', new RegExp(title));
    });
  }

  it('is not seen in a refusal for want of a right', async () => {
    const text = 'User is not authorized to perform: s3:DeleteObject on a bucket with an object lock';
    await using s3 = await startScriptedS3({ DeleteObject: xmlRefusal(403, 'AccessDenied', text) });
    s3.put('kept', 'text');
    await refused(s3.bucket.delete('kept', { signal }), 'denied', /403 AccessDenied/);
  });
});

describe('an endpoint that is reached in the wrong way', () => {
  const settings = (endpoint: string, bucket = 'backups') => ({
    ...compatibleService({
      bucket,
      region: 'test',
      endpoint,
      origin: 'the test',
      accessKeyID: 'AK',
      secretAccessKey: 'SK',
    }),
  });

  it('is not tried again: https where http is spoken', async () => {
    await using server = await startS3Server();
    const clock = jumpingClock();
    const endpoint = server.endpoint.replace('http:', 'https:');
    await using bucket = new S3Bucket(settings(endpoint), { clock, network: directNetwork });
    await refused(list(bucket), 'invalid', /what answers does not speak TLS \(\w+\); is its endpoint one of http\?/);
    assert.deepEqual(clock.sleeps, []);
  });

  it('is not tried again: http where TLS is spoken', async () => {
    await using certificates = await makeCertificates();
    await using proxy = await startFaultProxy('http://127.0.0.1:1', { tls: certificates.server });
    const clock = jumpingClock();
    const endpoint = proxy.endpoint.replace('https:', 'http:');
    await using bucket = new S3Bucket(settings(endpoint), { clock, network: directNetwork });
    await assert.rejects(list(bucket), (error: Error) => {
      assert.match(error.message, /does not speak HTTP|the connection broke/);
      return true;
    });
  });

  for (const name of ['a/b', 'x'.repeat(300), 'white space', 'arn:aws:s3:::x']) {
    it(`says what is wrong with the name of a bucket: ${name.slice(0, 20)}`, async () => {
      for (const pathStyle of [true, false]) {
        const clock = jumpingClock();
        const s3 = { ...settings('http://127.0.0.1:1', name), pathStyle };
        await using bucket = new S3Bucket(s3, { clock, network: directNetwork });
        await assert.rejects(list(bucket), (error: Error) => {
          assert.doesNotMatch(error.message, /shouldn't|UnknownError|undefined|host label|the request failed/);
          return true;
        });
      }
    });
  }
});
