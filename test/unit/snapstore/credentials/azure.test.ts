import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { azureCredentials } from '../../../../src/snapstore/credentials/azure.ts';

async function read(fields: Readonly<Record<string, unknown>>): Promise<unknown> {
  using dir = makeTempDir();
  const path = dir.join('azure.json');
  writeFileSync(path, JSON.stringify(fields));
  const environment = { AZURE_APPLICATION_CREDENTIALS_JSON: path };
  return (await azureCredentials({ role: 'primary', environment }).read()).fields;
}

describe('credentials of Azure', () => {
  const complete = { storageAccount: 'backups', storageKey: 'aGVsbG8=' };

  it('account and key, in the public cloud unless a domain is given', async () => {
    assert.deepEqual(await read(complete), { ...complete, domain: 'blob.core.windows.net' });
    assert.deepEqual(await read({ ...complete, domain: 'blob.core.example' }), {
      ...complete,
      domain: 'blob.core.example',
    });
  });

  for (const [what, fields, code, found] of [
    ['no key', { storageAccount: 'backups' }, 'incomplete', '"storageKey" is missing'],
    ['a key that is not base64', { ...complete, storageKey: 'hush hush' }, 'invalid', '"storageKey" must be base64'],
    ['a domain with a scheme', { ...complete, domain: 'https://x' }, 'invalid', '"domain" must be a host name'],
    [
      'an account with a path',
      { ...complete, storageAccount: 'a/b' },
      'invalid',
      'must be the name of a storage account',
    ],
  ] as const) {
    it(`${what} is refused`, async () => {
      await assert.rejects(read(fields), (error: Error & { code?: string }) => {
        assert.equal(error.code, `credentials_${code}`);
        assert.ok(error.message.includes(found), error.message);
        return !error.message.includes('hush');
      });
    });
  }
});
