import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { encrypt } from '../../../../src/snapshot/encryption/encrypt.ts';
import { decryptedBody } from '../../../../src/snapstore/backups/decrypted-body.ts';
import { ageKeys } from '../../../support/fixtures/age-keys.ts';
import { collected, inPieces } from '../../../support/fixtures/byte-streams.ts';

const { recipients, identities } = await ageKeys();
const OBJECT = { name: 'Full-00000000-00000058-1.gz.age', encryption: 'age' } as const;

describe('the body of an encrypted object', () => {
  it('ends what is stored when it is destroyed before it was read', async () => {
    const stored = new Readable({ read() {} });
    const body = await decryptedBody(OBJECT, () => Promise.resolve(stored), identities);
    body.destroy();
    await once(body, 'close');
    assert.ok(stored.destroyed);
  });

  it('ends it when it was read', async () => {
    const stored = Readable.from(encrypt(inPieces(Buffer.from('contents'), 3), recipients));
    const body = await decryptedBody(OBJECT, () => Promise.resolve(stored), identities);
    assert.equal((await collected(body)).toString(), 'contents');
    assert.ok(stored.destroyed);
  });
});
