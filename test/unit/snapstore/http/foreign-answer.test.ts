import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  describeAnswer,
  ForeignAnswer,
  isPage,
  requireWholeXml,
  rootElement,
} from '../../../../src/snapstore/http/foreign-answer.ts';

describe('the root element of a text', () => {
  for (const [text, root] of [
    [
      '<?xml version="1.0"?>\n<!-- of a test -->\n<ListBucketResult xmlns="x"><Name/></ListBucketResult>',
      'ListBucketResult',
    ],
    ['\uFEFF \n <ListBucketResult>', 'ListBucketResult'],
    // Its elements are not those that are looked for.
    ['<s3:ListBucketResult>', 's3:ListBucketResult'],
    [`${' '.repeat(10_000)}<Result/>`, 'Result'],
    ['<Result', undefined],
    ['', undefined],
    ['{"a":1}', undefined],
    ['<!doctype html><html>', undefined],
  ] as const) {
    it(`of ${JSON.stringify(text.trim().slice(0, 30))}: ${root}`, () => assert.equal(rootElement(text), root));
  }
});

describe('an XML document', () => {
  for (const text of [
    '<A><B>1</B></A>',
    '<?xml version="1.0"?>\n<A x="1" />\n ',
    '<A/>',
    `<A>${'<B/>'.repeat(10_000)}</A>`,
  ]) {
    it(`is whole: ${text.slice(0, 40)}`, () => requireWholeXml(Buffer.from(text)));
  }
  for (const text of ['<A><B>1</B>', '<A><B>1', '<A', '<A><B/>', '<A x="', '<A>', `<A>${'<B/>'.repeat(10_000)}`]) {
    it(`is cut short: ${text.slice(0, 40)}`, () => {
      assert.throws(() => requireWholeXml(Buffer.from(text)), /the answer was cut short/);
    });
  }
});

describe('what an answer is', () => {
  const said = (contentType: string | undefined, text: string | undefined): string =>
    describeAnswer({ status: 200, contentType, text });

  it('is said without quoting it', () => {
    assert.equal(said('text/html', undefined), 'a page of HTML (status 200)');
    assert.equal(said(undefined, ' <HTML><body>'), 'a page of HTML (status 200)');
    assert.equal(said(undefined, ''), 'an empty answer (status 200)');
    assert.equal(said(undefined, '{"secret":1}'), 'JSON (status 200)');
    assert.equal(said('application/xml', '<rss>secret</rss>'), 'XML that begins with <rss> (status 200)');
    assert.equal(said('text/plain', 'secret'), 'something else (status 200)');
  });

  it('names only the place of a redirection', () => {
    const facts = { status: 302, contentType: undefined, text: undefined };
    assert.equal(
      describeAnswer({ ...facts, location: 'https://u:p@login.example:8443/x?token=1' }),
      'a redirection (302) to https://login.example:8443',
    );
    assert.equal(describeAnswer({ ...facts, location: '/login' }), 'a redirection (302) to another path');
  });

  it('is a page by its beginning or its type', () => {
    assert.ok(isPage({ contentType: 'text/html; charset=utf-8', text: undefined }));
    assert.ok(isPage({ contentType: 'application/xml', text: '<!DOCTYPE html>' }));
    assert.ok(!isPage({ contentType: 'application/xml', text: '<Error/>' }));
  });

  it('knows whether anything came', () => {
    const answer = (text: string): ForeignAnswer =>
      new ForeignAnswer({ service: 'store', endpoint: 'http://x', sent: said(undefined, text) });
    assert.ok(answer('').isEmpty);
    assert.ok(!answer('{}').isEmpty);
  });
});
