import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PartEtags } from '../../../../../src/snapstore/providers/s3/part-etags.ts';

const md5 = '0123456789abcdef0123456789abcdef';

test('an ETag is taken for the MD5 of its part where it looks like one', () => {
  const etags = new PartEtags({ encrypted: false });
  assert.ok(etags.areMd5, 'until something else is seen');
  assert.equal(etags.md5Of(`"${md5}"`), md5);
  assert.ok(etags.areMd5);
});

test('a store whose ETags are something else is not sent for MD5s, until it changes', () => {
  const etags = new PartEtags({ encrypted: false });
  assert.equal(etags.md5Of('"part-1"'), undefined);
  assert.equal(etags.areMd5, false);
  assert.equal(etags.md5Of(undefined), undefined);
  assert.equal(etags.md5Of(`"${md5}"`), md5);
  assert.ok(etags.areMd5);
});

test('what an encrypted part has for an ETag says nothing, whatever it looks like', () => {
  const etags = new PartEtags({ encrypted: true });
  assert.equal(etags.areMd5, false);
  assert.equal(etags.md5Of(`"${md5}"`), undefined);
});
