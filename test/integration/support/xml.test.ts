import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromText, text } from '../../support/servers/xml.ts';

test('text of XML is read back, also as other writers put it', () => {
  const odd = `<a & "b" 'c' &amp; &#34;>`;
  assert.equal(fromText(text(odd)), odd);
  assert.equal(fromText('&#34;ABC&#34; &quot;x&quot; &unknown;'), '"ABC" "x" &unknown;');
});
