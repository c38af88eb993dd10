import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { makeTempDir, type TempDir } from '../../../scripts/lab/temp-dir.ts';
import { listOnce } from '../../../src/snapstore/backups/list-once.ts';
import type { Bucket, ListingDoubt } from '../../../src/snapstore/bucket.ts';
import { StoreError } from '../../../src/snapstore/store-error.ts';
import { FOREIGN_WORDS } from '../../conformance/cases/foreign-answer-cases.ts';
import { jumpingClock } from '../../support/clock/jumping-clock.ts';
import { type RawAnswer, rawHttp } from '../../support/servers/raw-server.ts';
import { type RawBucket, type RawName, startRawBucket } from '../../support/stores/raw-bucket.ts';

const { signal } = new AbortController();
/** What the clock of the buckets shows, ms since the epoch. */
const NOW = jumpingClock().now();
const time = '2026-01-01T00:00:00.000Z';
const xml = (body: string): RawAnswer =>
  rawHttp('200 OK', `<?xml version="1.0" encoding="UTF-8"?>${body}`, { 'content-type': 'application/xml' });
const json = (value: unknown): RawAnswer =>
  rawHttp('200 OK', JSON.stringify(value), { 'content-type': 'application/json', 'x-trans-id': 'tx1' });

/** One page of a listing as each service writes it, of objects with these names; undefined leaves a name out. */
type PageOf = (names: readonly (string | undefined)[]) => RawAnswer;

const element = (name: string, text: string | undefined): string =>
  text === undefined ? '' : `<${name}>${text}</${name}>`;

const pages: Readonly<Record<string, PageOf>> = {
  S3: (names) =>
    xml(
      `<ListBucketResult><Name>backups</Name><IsTruncated>false</IsTruncated>${names
        .map((name) => `<Contents>${element('Key', name)}<Size>3</Size><LastModified>${time}</LastModified></Contents>`)
        .join('')}</ListBucketResult>`,
    ),
  OSS: (names) =>
    xml(
      `<ListBucketResult><Name>backups</Name><IsTruncated>false</IsTruncated>${names
        .map(
          (name) =>
            `<Contents>${element('Key', name)}<Size>3</Size><LastModified>${time}</LastModified><ETag>"0"</ETag></Contents>`,
        )
        .join('')}</ListBucketResult>`,
    ),
  ABS: (names) =>
    xml(
      `<EnumerationResults ContainerName="backups"><Blobs>${names
        .map(
          (name) =>
            `<Blob>${element('Name', name)}<Properties><Last-Modified>Thu, 01 Jan 2026 00:00:00 GMT</Last-Modified>` +
            '<Content-Length>3</Content-Length></Properties></Blob>',
        )
        .join('')}</Blobs><NextMarker/></EnumerationResults>`,
    ),
  GCS: (names) =>
    json({
      kind: 'storage#objects',
      items: names.map((name) => ({ name, size: '3', updated: time, generation: '1', crc32c: 'AAAAAA==' })),
    }),
  'Swift, after its login': (names) =>
    json(names.map((name) => ({ name, bytes: 3, hash: '0', last_modified: time.slice(0, -1) }))),
};

let dir: TempDir;
before(() => {
  dir = makeTempDir();
});
after(() => dir[Symbol.dispose]());

/** A bucket that lists these objects, whatever is asked; Swift's pages end with the second one. */
async function listing(name: RawName, names: readonly (string | undefined)[]): Promise<RawBucket> {
  const page = pages[name] ?? assert.fail(name);
  let listings = 0;
  const answer: RawAnswer = (socket, head) => {
    const [first = ''] = head.split('\r\n');
    if (/[?&]worm/.test(first)) {
      rawHttp('404 Not Found', '<Error><Code>NoSuchWORMConfiguration</Code></Error>')(socket, head);
    } else if (/[?&]versioning/.test(first)) {
      xml('<VersioningConfiguration/>')(socket, head);
    } else {
      listings += 1;
      page(name.startsWith('Swift') && listings % 2 === 0 ? [] : names)(socket, head);
    }
  };
  return await startRawBucket(name, answer, { dir });
}

async function listed(
  bucket: Bucket,
): Promise<{ readonly keys: readonly string[]; readonly doubts: readonly ListingDoubt[] }> {
  const doubts: ListingDoubt[] = [];
  const onDoubt = (doubt: ListingDoubt): unknown => doubts.push(doubt);
  const entries = await Array.fromAsync(bucket.list('v2/', { signal, onDoubt }));
  return { keys: entries.map(({ key }) => key), doubts };
}

for (const name of Object.keys(pages) as RawName[]) {
  describe(`a listing of ${name}`, () => {
    it('with objects of another prefix alone proves nothing', async () => {
      await using there = await listing(name, ['v9/a', 'v9/b']);
      const { keys, doubts } = await listed(there.bucket);
      assert.deepEqual(keys, []);
      assert.deepEqual(
        doubts.map(({ about, reason }) => `${about}: ${reason}`),
        ['objects: the answer has objects of other prefixes than was asked for'],
      );
    });

    it('with such objects beside those that were asked for gives these alone', async () => {
      await using there = await listing(name, ['v1/a', 'v2/a', 'v9/b']);
      const { keys, doubts } = await listed(there.bucket);
      assert.deepEqual([keys, doubts], [['v2/a'], []]);
    });

    it('that is empty is one without objects', async () => {
      await using there = await listing(name, []);
      assert.deepEqual(await listed(there.bucket), { keys: [], doubts: [] });
    });

    it('with an empty name has no object of that name', async () => {
      await using there = await listing(name, ['']);
      const { keys, doubts } = await listed(there.bucket).catch((error: unknown) => {
        assert.ok(error instanceof StoreError && error.kind === 'invalid', String(error));
        return { keys: [], doubts: [error] };
      });
      assert.deepEqual([keys, doubts.length], [[], 1]);
    });

    it('with an object without a name is an error', async () => {
      await using there = await listing(name, [undefined, 'v2/a']);
      await assert.rejects(listed(there.bucket), (error) => {
        assert.ok(error instanceof StoreError, String(error));
        assert.equal(error.kind, 'invalid', error.message);
        assert.doesNotMatch(error.message, FOREIGN_WORDS);
        return true;
      });
    });
  });

  describe(`a range that the object of ${name} has`, () => {
    const body = '<?xml version="1.0"?><Error><Code>InvalidRange</Code><Message>x</Message></Error>';
    const refusal = rawHttp('416 Range Not Satisfiable', body, {
      'content-type': 'application/xml',
      'x-ms-error-code': 'InvalidRange',
      'x-trans-id': 'tx1',
    });

    it('is not empty because the store says that it lies beyond the end', async () => {
      await using there = await startRawBucket(name, refusal, { dir });
      const read = (start: number): Promise<unknown[]> =>
        there.bucket
          .read('v2/a', { signal, size: 100, range: { start, end: start + 10 } })
          .then((body) => body.toArray());
      assert.deepEqual(await read(100), []);
      await assert.rejects(read(90), { code: 'store_invalid', message: /416/ });
    });
  });
}

/** One page with an object of this size and time, as texts, in each service's words. */
const objectOf: Readonly<Record<string, (size: string, modified: string) => RawAnswer>> = {
  S3: (size, modified) =>
    xml(
      `<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>v2/a</Key><Size>${size}</Size>${modified === '' ? '' : element('LastModified', modified)}</Contents></ListBucketResult>`,
    ),
  OSS: (size, modified) =>
    xml(
      `<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>v2/a</Key><Size>${size}</Size>${element('LastModified', modified)}<ETag>"0"</ETag></Contents></ListBucketResult>`,
    ),
  ABS: (size, modified) =>
    xml(
      `<EnumerationResults ContainerName="backups"><Blobs><Blob><Name>v2/a</Name><Properties>${element('Last-Modified', modified)}<Content-Length>${size}</Content-Length></Properties></Blob></Blobs><NextMarker/></EnumerationResults>`,
    ),
  GCS: (size, modified) =>
    json({
      kind: 'storage#objects',
      items: [{ name: 'v2/a', size, updated: modified, generation: '1', crc32c: 'AAAAAA==' }],
    }),
  'Swift, after its login': (size, modified) =>
    json([
      {
        name: 'v2/a',
        bytes: /^\d+$/.test(size) ? Number(size) : size,
        hash: '0',
        last_modified: modified.slice(0, -1),
      },
    ]),
};

/** A bucket that lists that object; Swift's second page is empty. */
async function listingOf(name: RawName, size: string, modified: string): Promise<RawBucket> {
  let listings = 0;
  const answer: RawAnswer = (socket, head) => {
    const [first = ''] = head.split('\r\n');
    if (/[?&]worm/.test(first)) {
      const days = '<State>Locked</State><RetentionPeriodInDays>2</RetentionPeriodInDays>';
      xml(`<WormConfiguration><WormId>1</WormId>${days}</WormConfiguration>`)(socket, head);
    } else if (/[?&]versioning/.test(first)) {
      xml('<VersioningConfiguration/>')(socket, head);
    } else {
      listings += 1;
      const isEnd = name.startsWith('Swift') && listings % 2 === 0;
      (isEnd ? json([]) : objectOf[name]?.(size, modified))?.(socket, head);
    }
  };
  return await startRawBucket(name, answer, { dir });
}

for (const name of Object.keys(objectOf) as RawName[]) {
  describe(`an object that ${name} lists`, () => {
    for (const size of [
      '',
      '-1',
      'NaN',
      '1e3',
      '0x10',
      '3.0',
      '+3',
      'abc',
      'null',
      '9007199254740993',
      '9'.repeat(23),
    ]) {
      it(`with ${size === '' ? 'nothing as its size' : `${size} bytes`} is no object, and no empty one`, async () => {
        await using there = await listingOf(name, size, time);
        await assert.rejects(Array.fromAsync(listOnce(there.bucket, 'v2/', { signal })), (error) => {
          assert.ok(error instanceof StoreError && error.kind === 'invalid', String(error));
          assert.doesNotMatch(error.message, FOREIGN_WORDS);
          return true;
        });
      });
    }

    for (const modified of ['', 'nonsense', '2026-13-45T00:00:00Z', '+275760-09-13T00:00:00.001Z']) {
      it(`as of ${modified === '' ? 'no time' : modified} counts as written now, or as none that can be understood`, async () => {
        await using there = await listingOf(name, '3', modified);
        const [entry] = await Array.fromAsync(listOnce(there.bucket, 'v2/', { signal })).catch((error: unknown) => {
          assert.ok(error instanceof StoreError && error.kind === 'invalid', String(error));
          return [];
        });
        const { modifiedAt = NOW, immutableUntil = NOW } = entry ?? {};
        assert.ok(modifiedAt >= NOW, String(modifiedAt));
        assert.ok(immutableUntil >= NOW, String(immutableUntil));
        assert.equal(entry === undefined, name === 'GCS' || (name === 'S3' && modified !== ''));
      });
    }
  });
}

describe('a listing that has to be held as a whole', () => {
  const most = 50;
  const names = Array.from({ length: 20 }, (_, at) => at);

  it('of versions in S3 ends when it has too many of them', async () => {
    let pagesGiven = 0;
    const answer: RawAnswer = (socket, head) => {
      const [first = ''] = head.split('\r\n');
      if (/[?&]versioning/.test(first)) {
        xml('<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>')(socket, head);
        return;
      }
      if (/[?&]object-lock/.test(first)) {
        rawHttp('404 Not Found', '<Error><Code>ObjectLockConfigurationNotFoundError</Code></Error>')(socket, head);
        return;
      }
      pagesGiven += 1;
      const page = pagesGiven;
      const entries = names.map(
        (at) =>
          `<Version><Key>v2/${page}-${at}</Key><VersionId>1</VersionId><Size>3</Size><LastModified>${time}</LastModified></Version>`,
      );
      const marks = `<IsTruncated>true</IsTruncated><NextKeyMarker>v2/${page}</NextKeyMarker>`;
      xml(`<ListVersionsResult><Name>backups</Name>${marks}${entries.join('')}</ListVersionsResult>`)(socket, head);
    };
    await using there = await startRawBucket('S3', answer, { dir });
    const { bucket } = there;
    await assert.rejects(Array.fromAsync(bucket.list('v2/', { signal, most })), {
      code: 'store_invalid',
      message: /backups\/v2\/: it has more than 50 objects/,
    });
    assert.equal(pagesGiven, 3);
  });

  it('of segments in Swift ends when it has too many of them', async () => {
    let pagesGiven = 0;
    const answer: RawAnswer = (socket, head) => {
      pagesGiven += 1;
      const page = pagesGiven;
      const segment = (at: number): string => `v2/${page}-${at}/0000000001`;
      json(names.map((at) => ({ name: segment(at), bytes: 3, hash: '0', last_modified: time.slice(0, -1) })))(
        socket,
        head,
      );
    };
    await using there = await startRawBucket('Swift, after its login', answer, { dir });
    const { bucket } = there;
    await assert.rejects(Array.fromAsync(bucket.list('v2/', { signal, most })), {
      code: 'store_invalid',
      message: /v2\/: it has more than 50 objects/,
    });
    assert.equal(pagesGiven, 3);
  });
});
