import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PageTokens } from '../../../../src/snapstore/http/page-tokens.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';

describe('the page tokens of a listing', () => {
  const tokens = (): PageTokens => new PageTokens({ action: 'list', object: 'store' });
  const isInvalid = (error: unknown): boolean => error instanceof StoreError && error.kind === 'invalid';

  it('are followed to the page that has no more after it', () => {
    const listing = tokens();
    assert.equal(listing.next({ more: true, token: 'a' }), 'a');
    assert.equal(listing.next({ more: true, token: 'b' }), 'b');
    assert.equal(listing.next({ more: false, token: 'c' }), undefined);
  });

  it('do not go on for ever', () => {
    const listing = tokens();
    assert.throws(() => {
      for (let page = 0; page < 200_000; page += 1) {
        listing.next({ more: true, token: String(page) });
      }
    }, isInvalid);
  });

  it('must be there, and each its own', () => {
    assert.throws(() => tokens().next({ more: true, token: undefined }), isInvalid);
    assert.throws(() => tokens().next({ more: true, token: '' }), isInvalid);
    const listing = tokens();
    listing.next({ more: true, token: 'a' });
    listing.next({ more: true, token: 'b' });
    assert.throws(() => listing.next({ more: true, token: 'a' }), isInvalid);
  });
});
