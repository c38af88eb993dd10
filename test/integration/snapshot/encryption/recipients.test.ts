import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { limits } from '../../../../src/runtime/limits.ts';
import { EncryptionKeyFault } from '../../../../src/snapshot/encryption/key-fault.ts';
import { Recipients } from '../../../../src/snapshot/encryption/recipients.ts';

/** Public keys, each of a pair of its own. */
async function recipientsOf(generate: () => Promise<string>, count: number): Promise<readonly string[]> {
  return await Promise.all(Array.from({ length: count }, async () => identityToRecipient(await generate())));
}

describe('recipients', () => {
  it('says how large a header is that has stanzas for keys of both kinds', async () => {
    const recipients = await Recipients.parse([
      ...(await recipientsOf(generateX25519Identity, 3)),
      ...(await recipientsOf(generateHybridIdentity, 2)),
    ]);
    const { header } = await recipients.newHeader();
    assert.equal(await recipients.headerSize(), header.length);
  });

  it('refuses more than a header has room for, which no reader would take', async () => {
    const many = await recipientsOf(generateX25519Identity, 2_700);
    assert.equal((await Recipients.parse([many.slice(0, 2_600).join('\n')])).texts.length, 2_600);
    await assert.rejects(Recipients.parse([many.join('\n')]), (error: unknown) => {
      assert.ok(error instanceof EncryptionKeyFault);
      assert.match(error.message, /^they are 2700 recipients, too many/);
      assert.match(error.message, new RegExp(String(limits.ageHeader.most)));
      return true;
    });
  });
});
