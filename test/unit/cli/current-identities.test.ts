import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CurrentIdentities } from '../../../src/cli/current-identities.ts';
import { Identities, NoIdentityFits } from '../../../src/snapshot/encryption/identities.ts';
import { ageKeys, otherAgeKey } from '../../support/fixtures/age-keys.ts';

describe('identities of files', () => {
  test('are looked at again when none opens an object, and not before', async () => {
    const { recipients, identities } = await ageKeys();
    let value = await Identities.parse([otherAgeKey.file]);
    let asked = 0;
    const files = {
      get value() {
        return value;
      },
      current: async () => {
        asked += 1;
        value = identities;
        return value;
      },
    };
    const { header, fileKey } = await recipients.newHeader();
    const current = new CurrentIdentities(files);
    assert.deepEqual([current.count, asked], [1, 0]);
    assert.deepEqual(await current.fileKey(header), fileKey);
    assert.deepEqual(await current.fileKey(header), fileKey);
    assert.equal(asked, 1);
  });

  test('that have not changed do not fit', async () => {
    const { recipients } = await ageKeys();
    const value = await Identities.parse([otherAgeKey.file]);
    const current = new CurrentIdentities({ value, current: () => Promise.resolve(value) });
    await assert.rejects(current.fileKey((await recipients.newHeader()).header), NoIdentityFits);
  });
});
