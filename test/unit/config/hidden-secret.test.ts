import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namesSecret, withoutSecrets } from '../../../src/config/hidden-secret.ts';

test('a secret with its name is told from a name', () => {
  for (const text of [
    'password=hunter2',
    '{"password": "hunter2"}',
    'AccountName=a;AccountKey=hunter2==;EndpointSuffix=x',
    'sv=2024-01-01&sig=hunter2%2Bx',
    'X-Amz-Signature=hunter2',
    'secret_access_key: hunter2',
  ]) {
    assert.ok(namesSecret(text), text);
    assert.doesNotMatch(withoutSecrets(text), /hunter2/);
  }
  for (const text of ['etcd-main', 'secret-store', 'tokens/a=b', 'keys/cluster=prod', 'sig/v2', 'password']) {
    assert.equal(namesSecret(text), false, text);
    assert.equal(withoutSecrets(text), text);
  }
});

test('users and queries of addresses are hidden', () => {
  assert.equal(withoutSecrets('https://a:b/c@host/x, https://other'), 'https://***@host/x, https://other');
  assert.equal(withoutSecrets('https://host/c?sv=1&x=y'), 'https://host/c?***');
  assert.equal(withoutSecrets('root:hunter2@host'), '***@host');
});

test('long texts take no longer than their length', () => {
  const began = process.cpuUsage().user;
  for (const text of [
    'password'.repeat(20_000),
    `://${'@'.repeat(100_000)}`,
    'a'.repeat(100_000),
    'a:'.repeat(50_000),
  ]) {
    withoutSecrets(text);
  }
  assert.ok(process.cpuUsage().user - began < 2_000_000);
});
