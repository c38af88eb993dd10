import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { objectParts } from '../../../src/objects/object-parts.ts';
import type { ObjectParts } from '../../../src/objects/ranged-object.ts';
import { revision } from '../../../src/revision.ts';
import { Failure } from '../../../src/runtime/failure.ts';
import { EncryptionDamage } from '../../../src/snapshot/damage.ts';
import { headerEnd } from '../../../src/snapshot/encryption/age-header.ts';
import { encrypt } from '../../../src/snapshot/encryption/encrypt.ts';
import { Identities } from '../../../src/snapshot/encryption/identities.ts';
import { Recipients } from '../../../src/snapshot/encryption/recipients.ts';
import { newSnapshot, relativeKey } from '../../../src/snapshot/name.ts';
import { BackupStore } from '../../../src/snapstore/backups/backup-store.ts';
import { jumpingClock } from '../../support/clock/jumping-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';
import { recordedContext } from '../../support/context/run-context.ts';
import { ageKey, ageKeys, otherAgeKey } from '../../support/fixtures/age-keys.ts';
import { collected, inPieces, seededBytes } from '../../support/fixtures/byte-streams.ts';
import { memoryBucket } from '../../support/stores/memory-bucket.ts';

const { recipients, identities } = await ageKeys();
const CHUNK = 64 * 1024;
const SEALED = CHUNK + 16;
const CONTENTS = seededBytes(2 * CHUNK + 1_000, 11);
const stored = await sealed(CONTENTS);
const start = (headerEnd(stored) ?? 0) + 16;

async function sealed(contents: Uint8Array, to = recipients): Promise<Buffer> {
  return await collected(encrypt(inPieces(contents, 30_000), to));
}

/** Parts of an object that is listed with the size it has. */
async function partsOf(bytes: Buffer, opening: Identities = identities): Promise<ObjectParts | undefined> {
  const bucket = memoryBucket();
  const snapshot = newSnapshot({
    ...{ kind: 'Full', startRevision: revision(0), lastRevision: revision(5), createdOn: 1_795_251_532 },
    ...{ compression: 'gzip', encryption: 'age', isFinal: false },
  } as const);
  const key = relativeKey(snapshot);
  bucket.objects.set(key, { bytes, entry: { key, size: bytes.length, modifiedAt: 0 } });
  const log = new RecordedLog();
  const upload = { parallel: 1, minChunkSize: 1, clock: jumpingClock(), log };
  const store = new BackupStore({ bucket, prefix: '', upload, log, identities: opening });
  const [only] = (await store.list(recordedContext())).snapshots;
  assert.ok(only !== undefined);
  return await objectParts({ store, snapshot: only }, recordedContext());
}

/** All that a reader gives who asks for each chunk, or why it gives nothing. */
async function readAll(bytes: Buffer, opening: Identities = identities): Promise<Buffer | 'damaged' | 'closed'> {
  try {
    const parts = await partsOf(bytes, opening);
    return parts === undefined ? 'closed' : await parts.bytes(0, parts.size);
  } catch (error) {
    assert.ok(
      error instanceof EncryptionDamage || (error instanceof Failure && error.code === 'no_identity'),
      String(error),
    );
    return error instanceof Failure ? 'closed' : 'damaged';
  }
}

describe('parts of an encrypted object', () => {
  for (const size of [1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1_000]) {
    it(`are those of its ${size} bytes`, async () => {
      const contents = CONTENTS.subarray(0, size);
      const parts = await partsOf(await sealed(contents));
      assert.equal(parts?.size, size);
      const borders = [0, 1, 1_000, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, size - 1, size];
      for (const from of borders) {
        for (const to of borders.filter((border) => border >= from && border <= size)) {
          assert.ok((await parts.bytes(from, to)).equals(contents.subarray(from, to)), `${from} to ${to}`);
        }
      }
      assert.ok((await collected(parts.pieces(0, size))).equals(contents));
    });
  }

  it('are read after a header that is longer than what is read of it at once', async () => {
    const others = await Promise.all(
      Array.from({ length: 45 }, async () => identityToRecipient(await generateX25519Identity())),
    );
    const bytes = await sealed(CONTENTS, await Recipients.parse([...others, ageKey.recipient]));
    assert.ok((headerEnd(bytes) ?? 0) > 4_096);
    const read = await readAll(bytes);
    assert.ok(Buffer.isBuffer(read) && read.equals(CONTENTS));
  });

  it('are for nobody without the identity', async () => {
    assert.ok((await readAll(stored, Identities.none)) === 'closed');
    assert.ok((await readAll(stored, await Identities.parse([otherAgeKey.file]))) === 'closed');
  });
});

describe('an encrypted object that was changed gives no other bytes', () => {
  it('wherever a bit is', async () => {
    const places = [
      start - 1,
      start,
      start + CHUNK - 1,
      start + CHUNK,
      start + SEALED - 1,
      start + SEALED,
      start + 2 * SEALED + 5,
      stored.length - 1,
    ];
    for (const at of [
      ...Array.from({ length: 40 }, (_, index) => index * 5).filter((each) => each < start),
      ...places,
    ]) {
      const changed = Buffer.from(stored);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      const read = await readAll(changed);
      assert.ok(read === 'damaged' || read === 'closed', `byte ${at}`);
    }
  });

  it('also where only a part is asked for that lies in the chunk', async () => {
    const changed = Buffer.from(stored);
    changed.writeUInt8(changed.readUInt8(start + SEALED + 100) ^ 1, start + SEALED + 100);
    const parts = await partsOf(changed);
    assert.ok(parts !== undefined);
    assert.ok((await parts.bytes(0, CHUNK)).equals(CONTENTS.subarray(0, CHUNK)));
    await assert.rejects(parts.bytes(CHUNK + 60_000, CHUNK + 60_001), EncryptionDamage);
    await assert.rejects(parts.bytes(0, CONTENTS.length), EncryptionDamage);
  });

  it('where it was cut, where something follows, and where chunks changed places', async () => {
    const chunk = (at: number): Buffer => stored.subarray(start + at * SEALED, start + (at + 1) * SEALED);
    const head = stored.subarray(0, start);
    for (const bytes of [
      stored.subarray(0, start + SEALED),
      stored.subarray(0, start + 2 * SEALED),
      stored.subarray(0, start + 2 * SEALED + 8),
      stored.subarray(0, start + 2 * SEALED + 16),
      stored.subarray(0, stored.length - 1),
      stored.subarray(0, start),
      stored.subarray(0, start - 10),
      stored.subarray(0, 30),
      Buffer.concat([stored, Buffer.from('more')]),
      Buffer.concat([stored, chunk(2)]),
      Buffer.concat([head, chunk(1), chunk(0), chunk(2)]),
      Buffer.concat([head, chunk(0), chunk(2)]),
      Buffer.concat([head, chunk(0), chunk(0), chunk(2)]),
    ]) {
      assert.ok((await readAll(bytes)) === 'damaged', `${bytes.length} bytes`);
    }
    const cut = await partsOf(stored.subarray(0, start + 2 * SEALED));
    assert.ok(cut !== undefined);
    await assert.rejects(cut.bytes(2 * CHUNK - 10, 2 * CHUNK), /ends too early/);
  });
});
