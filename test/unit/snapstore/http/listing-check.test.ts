import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ListingCheck, type PageFacts } from '../../../../src/snapstore/http/listing-check.ts';

const asked = { bucket: 'b', prefix: 'etcd main/v2/' };
const own = ['etcd main/v2/a'];
const sound: PageFacts = { bucket: 'b', prefix: asked.prefix, announced: 0, isTruncated: false, keys: [] };

function doubtOf(...pages: readonly PageFacts[]): string | undefined {
  const listing = new ListingCheck(asked, 's3://b');
  for (const page of pages) {
    listing.page(page);
  }
  return listing.doubt?.reason;
}

describe('a page of a listing', () => {
  it('is the one that was asked for, as services say it', () => {
    for (const page of [
      sound,
      { ...sound, prefix: 'etcd%20main%2Fv2%2F' },
      { ...sound, prefix: 'etcd+main/v2/' },
      { ...sound, prefix: '' },
      { ...sound, prefix: undefined, announced: undefined },
      { keys: [], isTruncated: false },
      { keys: [], bucket: 'b', prefix: asked.prefix },
      { keys: own },
      { ...sound, announced: 3, keys: own },
    ]) {
      assert.equal(doubtOf(page), undefined, JSON.stringify(page));
    }
  });

  it('is refused for another prefix, and when it says nothing', () => {
    for (const prefix of ['etcd main/v1/', 'etcd main', 'x', '%']) {
      assert.throws(
        () => doubtOf({ ...sound, prefix }),
        /another prefix than was asked for; the answer cannot be used/,
      );
    }
    assert.throws(() => doubtOf({ keys: [] }), /an empty element, without the fields of a listing/);
  });

  it('without objects, is refused when it says neither that it ends nor whose listing it is', () => {
    for (const page of [
      { keys: [], bucket: 'b' },
      { keys: [], bucket: 'b', prefix: '' },
      { keys: [], prefix: asked.prefix },
      { keys: [], bucket: 'alias', prefix: asked.prefix },
      { keys: [], announced: 0 },
    ]) {
      assert.throws(() => doubtOf(page), /has no objects, and does not say that there are none/, JSON.stringify(page));
    }
  });

  it('that is full is refused when it does not say whether more follow', () => {
    const full = { keys: own, most: 1, bucket: 'b', prefix: asked.prefix };
    assert.throws(() => doubtOf(full), /a page is full, and does not say whether more follow/);
    assert.equal(doubtOf({ ...full, most: 2 }), undefined);
    assert.equal(doubtOf({ ...full, isTruncated: false }), undefined);
    assert.equal(doubtOf({ ...full, isTruncated: true }), undefined);
  });

  it('proves nothing when it is of another bucket, or lacks what it announces, unless something is listed', () => {
    assert.match(doubtOf({ ...sound, bucket: 'other' }) ?? '', /that of the bucket "other", not of "b"/);
    assert.match(doubtOf({ ...sound, announced: 5 }) ?? '', /says that it has 5 objects, and shows none/);
    assert.match(doubtOf({ ...sound, folders: 2 }) ?? '', /folders in the place of objects/);
    assert.match(doubtOf({ ...sound, keys: ['elsewhere', undefined] }) ?? '', /objects of other prefixes/);
    assert.equal(doubtOf({ ...sound, keys: ['elsewhere', ...own] }), undefined);
    assert.equal(doubtOf({ ...sound, bucket: 'alias', keys: own }), undefined);
    assert.equal(doubtOf({ ...sound, bucket: 'alias' }, { ...sound, bucket: 'alias', keys: own }), undefined);
  });
});
