import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { makeTempDir, type TempDir } from '../../../scripts/lab/temp-dir.ts';
import type { Bucket, ListingDoubt } from '../../../src/snapstore/bucket.ts';
import { StoreError } from '../../../src/snapstore/store-error.ts';
import { FOREIGN_WORDS } from '../../conformance/cases/foreign-answer-cases.ts';
import { type RawAnswer, rawHttp } from '../../support/servers/raw-server.ts';
import { type RawName, startRawBucket } from '../../support/stores/raw-bucket.ts';

const { signal } = new AbortController();
const xml = (body: string): RawAnswer =>
  rawHttp('200 OK', `<?xml version="1.0" encoding="UTF-8"?>${body}`, { 'content-type': 'application/xml' });
const json = (value: unknown): RawAnswer =>
  rawHttp('200 OK', JSON.stringify(value), { 'content-type': 'application/json', 'x-trans-id': 'tx1' });

/** Listings of nothing, each with the title under which it is tried. */
type Answers = readonly (readonly [title: string, answer: RawAnswer])[];

const titled = <T>(answerOf: (body: T) => RawAnswer, bodies: readonly T[]): Answers =>
  bodies.map((body) => [typeof body === 'string' ? body : JSON.stringify(body), answerOf(body)]);

const s3Marks = ['', 'maybe', '1', '0', 'falsetrue', 'null', 'no', ' false '];
const ossMarks = ['', 'maybe', '1', 'TRUE', ' true ', 'False'];

/** A listing that may be anything: what is not there may be there all the same. */
const unproved: Readonly<Partial<Record<RawName, Answers>>> = {
  S3: titled(xml, [
    '<ListBucketResult><a>1</a></ListBucketResult>',
    '<ListBucketResult><Name>backups</Name></ListBucketResult>',
    '<ListBucketResult><Name>other</Name><Prefix>v2/</Prefix></ListBucketResult>',
    '<ListBucketResult><Prefix>v2/</Prefix><MaxKeys>1000</MaxKeys></ListBucketResult>',
    '<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>',
    '<ListBucketResult><Name>backups</Name><Prefix>v2/</Prefix><IsTruncated/></ListBucketResult>',
    ...s3Marks.map(
      (mark) =>
        `<ListBucketResult><Name>backups</Name><Prefix>v2/</Prefix><IsTruncated>${mark}</IsTruncated></ListBucketResult>`,
    ),
  ]),
  OSS: titled(xml, [
    '<ListBucketResult/>',
    '<ListBucketResult><a>1</a></ListBucketResult>',
    '<ListBucketResult><Name>backups</Name><Prefix>v2/</Prefix></ListBucketResult>',
    '<ListBucketResult><IsTruncated>false</IsTruncated><Contents/></ListBucketResult>',
    '<ListBucketResult><IsTruncated>false</IsTruncated><Contents></Contents></ListBucketResult>',
    ...ossMarks.map((mark) => `<ListBucketResult><IsTruncated>${mark}</IsTruncated></ListBucketResult>`),
  ]),
  ABS: titled(xml, [
    '<EnumerationResults/>',
    '<EnumerationResults ContainerName="backups"/>',
    '<EnumerationResults><Blobs/></EnumerationResults>',
    '<EnumerationResults ContainerName="backups"><Blobs/></EnumerationResults>',
    '<EnumerationResults ContainerName="other"><Prefix>v2/</Prefix><Blobs/></EnumerationResults>',
    '<EnumerationResults ContainerName="backups"><Containers/><NextMarker/></EnumerationResults>',
  ]),
  GCS: titled(
    json,
    [
      { items: '' },
      { items: {} },
      { items: 0 },
      { items: false },
      { nextPageToken: 0 },
      { nextPageToken: false },
      { nextPageToken: {} },
      { prefixes: { v2: 1 } },
      { kind: 'storage#object', items: [] },
    ].map((fields) => ({ kind: 'storage#objects', ...fields })),
  ),
  'Swift, after its login': [
    ...titled(json, [null, {}, 0, '', false]),
    ['with an ETag alone', rawHttp('200 OK', '[]', { 'content-type': 'application/json', etag: 'W/"2-l9Fw4V"' })],
    ['204 with an ETag alone', rawHttp('204 No Content', '', { etag: '"0"' })],
  ],
};

/** As services write it, in their own ways and fields. */
const proved: Readonly<Partial<Record<RawName, Answers>>> = {
  S3: titled(xml, [
    // AWS, MinIO, Ceph and versitygw.
    '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>backups</Name><Prefix>v2/</Prefix><KeyCount>0</KeyCount>' +
      '<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>',
    // The first version of the listing, as older services answer all of them.
    '<ListBucketResult><Name>backups</Name><Prefix>v2/</Prefix><Marker></Marker><MaxKeys>1000</MaxKeys>' +
      '<Delimiter></Delimiter><IsTruncated>false</IsTruncated></ListBucketResult>',
    '<ListBucketResult><IsTruncated>False</IsTruncated></ListBucketResult>',
    '<ListBucketResult><Name>backups</Name><Prefix>v2%2F</Prefix></ListBucketResult>',
    '<ListBucketResult><IsTruncated xmlns="">false</IsTruncated></ListBucketResult>',
  ]),
  OSS: titled(xml, ['<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>']),
  ABS: titled(xml, [
    '<EnumerationResults ServiceEndpoint="https://a.example/" ContainerName="backups"><Prefix>v2/</Prefix><Blobs /><NextMarker /></EnumerationResults>',
    '<EnumerationResults ContainerName="https://a.example/backups"><Blobs></Blobs><NextMarker></NextMarker></EnumerationResults>',
    '<EnumerationResults ContainerName="backups"><Prefix>v2/</Prefix><Blobs/></EnumerationResults>',
  ]),
  GCS: titled(json, [
    { kind: 'storage#objects' },
    { kind: 'storage#objects', items: null, nextPageToken: null },
    { kind: 'storage#objects', items: [], prefixes: [], nextPageToken: '' },
  ]),
  'Swift, after its login': [
    ...titled(json, [[]]),
    ['204', rawHttp('204 No Content', '', { 'x-trans-id': 'tx1', 'x-container-object-count': '0' })],
    ['with the number of a request', rawHttp('200 OK', '[]', { 'x-openstack-request-id': 'req-1' })],
  ],
};

let dir: TempDir;
before(() => {
  dir = makeTempDir();
});
after(() => dir[Symbol.dispose]());

/** Answers what is asked before a listing, and all listings alike. */
function answering(listing: RawAnswer, versioning = '<VersioningConfiguration/>'): RawAnswer {
  return (socket, head) => {
    const [first = ''] = head.split('\r\n');
    if (/[?&]worm/.test(first)) {
      rawHttp('404 Not Found', '<Error><Code>NoSuchWORMConfiguration</Code></Error>')(socket, head);
    } else if (/[?&]object-lock/.test(first)) {
      rawHttp('404 Not Found', '<Error><Code>ObjectLockConfigurationNotFoundError</Code></Error>')(socket, head);
    } else {
      (/[?&]versioning/.test(first) ? xml(versioning) : listing)(socket, head);
    }
  };
}

async function listed(bucket: Bucket): Promise<readonly (string | ListingDoubt)[]> {
  const doubts: ListingDoubt[] = [];
  const onDoubt = (doubt: ListingDoubt): unknown => doubts.push(doubt);
  const entries = await Array.fromAsync(bucket.list('v2/', { signal, onDoubt }));
  return [...entries.map(({ key }) => key), ...doubts];
}

const folders = (bucket: Bucket): Promise<readonly string[]> => Array.fromAsync(bucket.folders('v2/', { signal }));

async function assertRefused(attempt: Promise<unknown>): Promise<void> {
  await assert.rejects(attempt, (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.kind, 'invalid', error.message);
    assert.doesNotMatch(error.message, FOREIGN_WORDS);
    return true;
  });
}

for (const name of Object.keys(unproved) as RawName[]) {
  describe(`a listing of ${name} without objects`, () => {
    for (const [title, answer] of unproved[name] ?? []) {
      it(`is no listing: ${title}`, async () => {
        await using there = await startRawBucket(name, answering(answer), { dir });
        await assertRefused(listed(there.bucket));
        await assertRefused(folders(there.bucket));
      });
    }
    for (const [title, answer] of proved[name] ?? []) {
      it(`shows that there are none: ${title}`, async () => {
        await using there = await startRawBucket(name, answering(answer), { dir });
        assert.deepEqual(await listed(there.bucket), []);
        assert.deepEqual(await folders(there.bucket), []);
      });
    }
  });
}

describe('a listing of versions in S3 without any', () => {
  const on = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
  const versionsOf = (fields: string): RawAnswer => xml(`<ListVersionsResult>${fields}</ListVersionsResult>`);

  for (const fields of [
    '<Name>backups</Name>',
    '<Name>backups</Name><Prefix>v2/</Prefix><IsTruncated>maybe</IsTruncated>',
    '<MaxKeys>1000</MaxKeys><Prefix>v2/</Prefix>',
  ]) {
    it(`is no listing: ${fields}`, async () => {
      await using there = await startRawBucket('S3', answering(versionsOf(fields), on), { dir });
      await assertRefused(listed(there.bucket));
      await assertRefused(folders(there.bucket));
    });
  }

  it('shows that there are none where it says that it ends', async () => {
    const fields =
      '<Name>backups</Name><Prefix>v2/</Prefix><KeyMarker/><VersionIdMarker/><IsTruncated>false</IsTruncated>';
    await using there = await startRawBucket('S3', answering(versionsOf(fields), on), { dir });
    assert.deepEqual(await listed(there.bucket), []);
  });
});

describe('a listing of S3', () => {
  const object = '<Contents><Key>v2/a</Key><Size>3</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>';

  it('that does not say whether it ends goes on where it says where', async () => {
    const pages = [
      `<ListBucketResult>${object}<NextContinuationToken>t</NextContinuationToken></ListBucketResult>`,
      `<ListBucketResult>${object.replace('v2/a', 'v2/b')}</ListBucketResult>`,
    ];
    const listing: RawAnswer = (socket, head) => xml(pages.shift() ?? '')(socket, head);
    await using there = await startRawBucket('S3', answering(listing), { dir });
    assert.deepEqual(await listed(there.bucket), ['v2/a', 'v2/b']);
  });

  it('that is full and says neither that it ends nor where it goes on is no listing', async () => {
    const objects = (count: number): string =>
      Array.from({ length: count }, (_, at) => object.replace('v2/a', `v2/${at}`)).join('');
    for (const [page, isWhole] of [
      [objects(1_000), false],
      [`<MaxKeys>0</MaxKeys>${objects(1_000)}`, false],
      [`<MaxKeys>3</MaxKeys>${objects(3)}`, false],
      [`<MaxKeys>3</MaxKeys>${objects(2)}`, true],
      [`<MaxKeys>3</MaxKeys><IsTruncated>false</IsTruncated>${objects(3)}`, true],
    ] as const) {
      const listing = xml(`<ListBucketResult><Name>backups</Name>${page}</ListBucketResult>`);
      await using there = await startRawBucket('S3', answering(listing), { dir });
      await (isWhole ? listed(there.bucket) : assertRefused(listed(there.bucket)));
    }
  });

  it('that shows folders in the place of objects proves nothing', async () => {
    const listing = xml(
      '<ListBucketResult><IsTruncated>false</IsTruncated><CommonPrefixes><Prefix>v2/</Prefix></CommonPrefixes></ListBucketResult>',
    );
    await using there = await startRawBucket('S3', answering(listing), { dir });
    const reason = 'the answer has folders in the place of objects, which were not asked for';
    assert.deepEqual(await listed(there.bucket), [{ about: 'objects', reason }]);
  });
});
