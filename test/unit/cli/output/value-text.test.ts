import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyData, keyText } from '../../../../src/cli/output/key-text.ts';
import { isHidden, objectYaml, valueFacts, valueFactsData, valueLines } from '../../../../src/cli/output/value-text.ts';
import { readStoredValue } from '../../../../src/kube/objects/stored-object.ts';
import { ProtobufWriter } from '../../../../src/protobuf/writer.ts';

const hidden = { showSecrets: false };
const shown = { showSecrets: true };

/** A secret as an API server stores it: with the password `hunter2`, which kubectl has put into an annotation as well. */
function storedSecret(): Buffer {
  const entry = (key: string, value: string) =>
    new ProtobufWriter().bytes(1, Buffer.from(key)).bytes(2, Buffer.from(value)).finish();
  const metadata = new ProtobufWriter()
    .bytes(1, Buffer.from('login'))
    .bytes(3, Buffer.from('shop'))
    .bytes(12, entry('kubectl.kubernetes.io/last-applied-configuration', '{"data":{"password":"aHVudGVyMg=="}}'))
    .finish();
  const message = new ProtobufWriter()
    .bytes(1, metadata)
    .bytes(2, entry('password', 'hunter2'))
    .bytes(3, Buffer.from('Opaque'))
    .finish();
  const type = new ProtobufWriter().bytes(1, Buffer.from('v1')).bytes(2, Buffer.from('Secret')).finish();
  return Buffer.concat([Buffer.from('k8s\0'), new ProtobufWriter().bytes(1, type).bytes(2, message).finish()]);
}

test('secrets are hidden, whatever the prefix of the API server is, and nothing else', () => {
  const other = readStoredValue(Buffer.from('x'));
  for (const [key, is] of [
    ['/registry/secrets/ns/name', true],
    ['/registry/secrets/name', true],
    ['/kubernetes.io/secrets/ns/name', true],
    ['/clusters/one/registry/secrets/ns/name', true],
    ['/registry/secretstores/ns/name', false],
    ['/registry/pods/secrets/name', false],
    ['/registry/services/specs/secrets/name', false],
    ['/registry/secrets', false],
  ] as const) {
    assert.equal(isHidden(Buffer.from(key), other, hidden), is, key);
    assert.equal(isHidden(Buffer.from(key), other, shown), false);
  }
  for (const value of [storedSecret(), Buffer.from('{"apiVersion":"v1","kind":"Secret"}')]) {
    assert.equal(isHidden(Buffer.from('/anywhere'), readStoredValue(value), hidden), true);
  }
});

test('a secret has its names in YAML, and its values nowhere', () => {
  const key = Buffer.from('/registry/secrets/shop/login');
  const stored = readStoredValue(storedSecret());
  const yaml = objectYaml(key, stored, hidden) ?? '';
  assert.match(yaml, /kind: Secret\nmetadata:\n {2}name: login\n {2}namespace: shop\n/);
  assert.match(yaml, /\n {2}password: \(12 characters, hidden\)\ntype: Opaque\n/);
  assert.doesNotMatch(yaml, /hunter2|aHVudGVyMg/);
  assert.deepEqual(valueLines(key, storedSecret(), hidden).shown, false);
  assert.match(objectYaml(key, stored, shown) ?? '', /\n {2}password: aHVudGVyMg==\n/);
});

test('what is stored is named: an object, an encrypted one, a damaged one', () => {
  assert.deepEqual(valueFacts(storedSecret()), [['Object', 'Secret login in namespace shop (v1)']]);
  assert.deepEqual(valueFactsData(storedSecret()), {
    object: { apiVersion: 'v1', kind: 'Secret', namespace: 'shop', name: 'login' },
  });
  const encrypted = Buffer.from('k8s:enc:kms:v2:vault-1:\x01\x02', 'latin1');
  assert.deepEqual(valueFacts(encrypted), [['Encrypted', 'by kms v2 with the key "vault-1"']]);
  assert.deepEqual(valueFactsData(encrypted), { encrypted: { provider: 'kms v2', keyName: 'vault-1' } });
  const [damaged = []] = valueFacts(storedSecret().subarray(0, 30));
  assert.match(damaged.join(' '), /Not decoded its protobuf is damaged: field 2 claims \d+ bytes, \d+ are left/);
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
