import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHidden, keyData, keyText, valueLines } from '../../../../src/cli/output/key-text.ts';

const hidden = { showSecrets: false };

test('secrets are hidden, whatever the prefix of the API server is, and nothing else', () => {
  for (const [key, is] of [
    ['/registry/secrets/ns/name', true],
    ['/kubernetes.io/secrets/ns/name', true],
    ['/registry/secretstores/ns/name', false],
    ['/registry/pods/secrets/name', false],
    ['/registry/secrets', false],
  ] as const) {
    assert.equal(isHidden(Buffer.from(key), hidden), is, key);
    assert.equal(isHidden(Buffer.from(key), { showSecrets: true }), false);
  }
});

test('what would move a cursor or is no text is not shown as it is', () => {
  assert.equal(keyText(Buffer.from('/a\u001b[2J')), '/a\\x1b[2J');
  assert.equal(keyText(Buffer.from([0x61, 0xff, 0])), 'a\\xff\\x00');
  assert.deepEqual(keyData(Buffer.from([0xff])), { keyBase64: '/w==' });
  const key = Buffer.from('/k');
  assert.deepEqual(valueLines(key, Buffer.from('a\tb\nc'), hidden), { lines: ['a\tb', 'c'], shown: true });
  assert.equal(valueLines(key, Buffer.from('a\u001b]0;x'), hidden).shown, false);
  assert.equal(valueLines(key, Buffer.from('k8s\0\n'), hidden).shown, false);
});
