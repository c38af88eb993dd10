import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PageTokens } from '../../../../src/snapstore/http/page-tokens.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';

describe('the marks of a listing', () => {
  const marks = (): PageTokens => new PageTokens({ action: 'list', object: 'store' });
  const isInvalid = (error: unknown): boolean => error instanceof StoreError && error.kind === 'invalid';

  it('are followed to the page that has no more after it', () => {
    const listing = marks();
    assert.equal(listing.next({ more: true, mark: 'a' }), 'a');
    assert.equal(listing.next({ more: true, mark: 'b' }), 'b');
    assert.equal(listing.next({ more: false, mark: 'c' }), undefined);
  });

  it('do not go on for ever', () => {
    const listing = marks();
    assert.throws(() => {
      for (let page = 0; page < 200_000; page += 1) {
        listing.next({ more: true, mark: String(page) });
      }
    }, isInvalid);
  });

  it('must be there, and each its own', () => {
    assert.throws(() => marks().next({ more: true, mark: undefined }), isInvalid);
    assert.throws(() => marks().next({ more: true, mark: '' }), isInvalid);
    const listing = marks();
    listing.next({ more: true, mark: 'a' });
    listing.next({ more: true, mark: 'b' });
    assert.throws(() => listing.next({ more: true, mark: 'a' }), isInvalid);
  });
});
