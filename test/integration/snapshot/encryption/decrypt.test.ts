import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { EncryptionDamage } from '../../../../src/snapshot/damage.ts';
import { headerEnd } from '../../../../src/snapshot/encryption/age-header.ts';
import { checkSealed } from '../../../../src/snapshot/encryption/check-sealed.ts';
import { decrypt } from '../../../../src/snapshot/encryption/decrypt.ts';
import { encrypt, encryptedSizeBound } from '../../../../src/snapshot/encryption/encrypt.ts';
import { Identities, NoIdentityFits } from '../../../../src/snapshot/encryption/identities.ts';
import { Recipients } from '../../../../src/snapshot/encryption/recipients.ts';
import { ageKey, ageKeys, otherAgeKey } from '../../../support/fixtures/age-keys.ts';
import { collected, inPieces, seededBytes } from '../../../support/fixtures/byte-streams.ts';

const { recipients, identities } = await ageKeys();
const CHUNK = 64 * 1024;
const SEALED = CHUNK + 16;
const CONTENTS = seededBytes(2 * CHUNK + 1000, 11);
const sealing = collected(encrypt(inPieces(CONTENTS, 30_000), recipients));

async function opened(sealed: Uint8Array, pieceSize = 10_000): Promise<Buffer> {
  return await collected(decrypt(inPieces(sealed, pieceSize), identities));
}

async function damageOf(sealed: Uint8Array): Promise<EncryptionDamage> {
  const error = await opened(sealed).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof EncryptionDamage, String(error));
  return error;
}

/** Where the first chunk begins. */
async function payloadStart(): Promise<number> {
  return (headerEnd(await sealing) ?? 0) + 16;
}

describe('what was encrypted', () => {
  for (const size of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 16 * CHUNK, 16 * CHUNK + 1]) {
    it(`is decrypted, of ${size} bytes`, async () => {
      const contents = seededBytes(size, 5);
      for (const pieceSize of [CHUNK, 1 << 20]) {
        const sealed = await collected(encrypt(inPieces(contents, pieceSize), recipients));
        assert.ok(contents.equals(await opened(sealed, pieceSize)));
        assert.ok(sealed.length <= encryptedSizeBound(size, recipients));
        await checkSealed(inPieces(sealed, pieceSize));
      }
    });
  }

  it('is decrypted from pieces of any size', async () => {
    const some = CONTENTS.subarray(0, CHUNK + 10);
    const sealed = await collected(encrypt(inPieces(some, 30_000), recipients));
    for (const pieceSize of [1, 17, 65_537]) {
      assert.ok(some.equals(await opened(sealed, pieceSize)));
    }
  });

  it('has other bytes each time', async () => {
    assert.ok(!(await collected(encrypt(inPieces(CONTENTS, 30_000), recipients))).equals(await sealing));
  });

  it('is opened by each of its recipients, and by nobody else', async () => {
    const both = await Recipients.parse([`# two\n\n${ageKey.recipient}\n${otherAgeKey.recipient}\n`]);
    const sealed = await collected(encrypt(inPieces(CONTENTS, 30_000), both));
    const other = await Identities.parse([otherAgeKey.file]);
    assert.ok(CONTENTS.equals(await collected(decrypt(inPieces(sealed, 5000), other))));
    await assert.rejects(collected(decrypt(inPieces(await sealing, 5000), other)), NoIdentityFits);
    const several = await Identities.parse([otherAgeKey.file, ageKey.file]);
    assert.ok(CONTENTS.equals(await collected(decrypt(inPieces(await sealing, 5000), several))));
  });
});

describe('encrypted bytes that were changed', () => {
  it('are damage wherever a bit is', async () => {
    const sealed = await sealing;
    const start = await payloadStart();
    for (const at of [start - 1, start, start + CHUNK - 1, start + CHUNK, start + 2 * SEALED + 5, sealed.length - 1]) {
      const altered = Buffer.from(sealed);
      altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
      assert.match((await damageOf(altered)).reason, /was changed after it was written/, `at ${at}`);
    }
  });

  it('are damage in the header, or open for nobody', async () => {
    const sealed = await sealing;
    const end = headerEnd(sealed) ?? 0;
    for (let at = 0; at < end; at += 3) {
      const altered = Buffer.from(sealed);
      altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
      const error = await opened(altered).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof EncryptionDamage || error instanceof NoIdentityFits, `at ${at}: ${error}`);
    }
  });

  it('have headers that end', async () => {
    const line = `-> X25519 ${'A'.repeat(43)}\n${'B'.repeat(43)}\n`;
    const endless = Buffer.from(`age-encryption.org/v1\n${line.repeat(3_000)}`);
    assert.match((await damageOf(endless)).message, /the header of the encrypted data does not end/);
  });

  it('are damage when they end early, between two chunks as well', async () => {
    const sealed = await sealing;
    const start = await payloadStart();
    for (const length of [
      0,
      10,
      start - 20,
      start - 1,
      start,
      start + 5,
      start + SEALED,
      start + 2 * SEALED,
      sealed.length - 1,
    ]) {
      const { reason } = await damageOf(sealed.subarray(0, length));
      assert.match(reason, /ends too early|was changed/, `${length} bytes`);
    }
    for (const length of [start, start + SEALED, start + 2 * SEALED]) {
      assert.match((await damageOf(sealed.subarray(0, length))).reason, /ends too early/, `${length} bytes`);
    }
  });

  it('are damage when chunks change places, come twice or are left out, and when something follows', async () => {
    const sealed = await sealing;
    const start = await payloadStart();
    const chunk = (at: number): Buffer => sealed.subarray(start + at * SEALED, start + (at + 1) * SEALED);
    const head = sealed.subarray(0, start);
    const last = chunk(2);
    for (const pieces of [
      [chunk(1), chunk(0), last],
      [chunk(0), chunk(0), chunk(1), last],
      [chunk(0), last],
      [chunk(0), chunk(1), last, last],
      [chunk(0), chunk(1), last, Buffer.from('more')],
    ]) {
      await damageOf(Buffer.concat([head, ...pieces]));
    }
  });

  it('give nothing that was not proved', async () => {
    const altered = Buffer.from(await sealing);
    altered.writeUInt8(altered.readUInt8(altered.length - 20) ^ 1, altered.length - 20);
    let size = 0;
    await assert.rejects(async () => {
      for await (const bytes of decrypt(inPieces(altered, 1000), identities)) {
        assert.ok(CONTENTS.subarray(size, size + bytes.length).equals(bytes));
        size += bytes.length;
      }
    }, EncryptionDamage);
  });

  it('are noticed without a key where their length tells', async () => {
    const sealed = await sealing;
    const start = await payloadStart();
    for (const length of [0, 100, start, start + SEALED + 7]) {
      await assert.rejects(checkSealed(inPieces(sealed.subarray(0, length), 999)), EncryptionDamage, `${length}`);
    }
    await assert.rejects(checkSealed(inPieces(CONTENTS, 999)), /does not begin as age does/);
  });
});

describe('keys', () => {
  it('are shown nowhere', () => {
    assert.doesNotMatch(
      `${inspect(identities, { depth: 9, showHidden: true })}${JSON.stringify(identities)}`,
      /SECRET/,
    );
  });

  it('that are none are refused without being shown, with their line', async () => {
    const secret = ageKey.file.split('\n')[1] ?? '';
    for (const [parse, text, expected] of [
      [Recipients.parse, secret, /secret key/],
      [Recipients.parse, 'ssh-ed25519 AAAA', /SSH/],
      [Recipients.parse, ageKey.recipient.replace(/.$/, 'q'), /no recipient/],
      [Recipients.parse, '# nobody', /no recipient/],
      [Identities.parse, ageKey.recipient, /public half/],
      [Identities.parse, secret.replace(/.$/, 'Q'), /no identity/],
      [Identities.parse, '-----BEGIN OPENSSH PRIVATE KEY-----', /SSH/],
      [Identities.parse, 'age-encryption.org/v1', /encrypted itself/],
      [Identities.parse, '', /no identity/],
    ] as const) {
      await assert.rejects(parse([text]), (error: Error) => {
        assert.match(error.message, expected);
        assert.doesNotMatch(inspect(error), new RegExp(secret.slice(15, 40)));
        return true;
      });
    }
  });
});
