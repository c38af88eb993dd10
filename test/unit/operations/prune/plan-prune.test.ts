import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { planPrune } from '../../../../src/operations/prune/plan-prune.ts';
import { TAG_SIZE } from '../../../../src/snapshot/encryption/age-chunks.ts';
import { Identities } from '../../../../src/snapshot/encryption/identities.ts';
import { NONCE_SIZE } from '../../../../src/snapshot/encryption/payload-key.ts';
import { BackupStore } from '../../../../src/snapstore/backups/backup-store.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { FakeClock } from '../../../support/clock/fake-clock.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { ageKey, otherAgeKey } from '../../../support/fixtures/age-keys.ts';
import { encryptedGoldenStore } from '../../../support/fixtures/encrypted-golden-store.ts';
import { put, request } from '../../../support/fixtures/fleet.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { memoryBucket } from '../../../support/stores/memory-bucket.ts';
import { type MemoryObject, memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const clock = new FakeClock('2026-11-22T12:30:00Z');
const rules = { policy: { kind: 'LimitBased', maxBackups: 1 }, deltaRetentionMs: 0, leftHistoryMs: 0 } as const;
const golden = goldenObjects('etcd-3.5/gzip');
const full = golden.find(({ key }) => key.includes('/Full-'));
const older = 'v2/Full-00000000-00000010-1795200000.gz';
const newer = 'v2/Full-00000000-00009000-1795300000.gz';
const garbage = new Uint8Array(5000).fill(7);

async function planned(
  objects: readonly MemoryObject[],
  proof: 'names' | 'contents' | 'closed',
  store = memorySnapStore(objects),
): Promise<string> {
  using dir = makeTempDir();
  const reading = { tempDir: dir.path, encrypted: proof === 'closed' ? 'as stored' : 'opened' } as const;
  const request = { store, rules, proof: proof === 'names' ? proof : reading };
  const { decisions, unread } = await planPrune(request, { ...recordedContext(), clock });
  const going = decisions.filter(({ action }) => action === 'delete').length;
  return `${going} of ${decisions.length} go, unread ${unread?.name.slice(0, 22) ?? 'none'}`;
}

describe('the plan of a prune', () => {
  it('names the full that nobody has looked into', async () => {
    const objects = [...golden, { key: older, bytes: garbage }];
    assert.equal(await planned(objects, 'names'), '1 of 5 go, unread Full-00000000-00000058');
  });

  it('is refused for a place that is meant otherwise, and is empty for an empty one', async () => {
    for (const reason of [
      { kind: 'no container' },
      { kind: 'other prefixes', prefixes: ['main'] },
      { kind: 'remains', first: 'v2/Full-1.bak', count: 1 },
    ] as const) {
      const store = { ...memorySnapStore([]), whyEmpty: () => Promise.resolve(reason) };
      await assert.rejects(planned([], 'names', store), {
        code: 'no_backup',
        message: /cannot prune memory: it holds no/,
      });
    }
    assert.equal(await planned([], 'names'), '0 of 0 go, unread none');
  });

  it('rests on nothing when nothing goes', async () => {
    assert.equal(await planned(golden, 'names'), '0 of 4 go, unread none');
  });

  it('goes by contents before anything is deleted', async () => {
    const objects = [...golden, { key: older, bytes: garbage }];
    assert.equal(await planned(objects, 'contents'), '1 of 5 go, unread none');
  });

  it('deletes nothing for a newest full that is damaged', async () => {
    const objects = [...golden, { key: newer, bytes: garbage }];
    assert.equal(await planned(objects, 'names'), '4 of 5 go, unread Full-00000000-00009000');
    assert.equal(await planned(objects, 'contents'), '0 of 5 go, unread none');
  });

  it('deletes nothing for a copy of an older full under the name of a newer one', async () => {
    const objects = [...golden, { key: newer, bytes: full?.bytes ?? garbage }];
    assert.equal(await planned(objects, 'contents'), '0 of 5 go, unread none');
  });

  it('deletes nothing for an empty full, read or not', async () => {
    const objects = [...golden, { key: newer, bytes: new Uint8Array(0) }];
    assert.equal(await planned(objects, 'names'), '0 of 5 go, unread none');
  });

  it('goes by the length of a full that it cannot open', async () => {
    const sealed = await encryptedGoldenStore('etcd-3.5/gzip');
    const objects = [...sealed, { key: older, bytes: garbage }];
    assert.equal(await planned(objects, 'closed'), '1 of 5 go, unread none');
    const cut = objects.map(({ key, bytes }) => {
      const payload = Buffer.from(bytes).indexOf('\n', Buffer.from(bytes).indexOf('\n---') + 1) + 1 + NONCE_SIZE;
      return { key, bytes: key.includes('-00000058-') ? bytes.subarray(0, payload + 65_552 + TAG_SIZE) : bytes };
    });
    assert.equal(await planned(cut, 'closed'), '0 of 5 go, unread none');
    // A recipient is no secret, so others may have written it: such a full is trusted no more than one that nobody read.
    const large = { key: `${older}.age`, bytes: new Uint8Array(1_000_000) };
    const tiny = sealed.toSorted((a, b) => a.bytes.length - b.bytes.length)[0];
    const forged = { key: `${newer}.age`, bytes: tiny?.bytes ?? garbage };
    assert.equal(await planned([large, forged], 'closed'), '0 of 2 go, unread none');
  });

  it('opens it where there is an identity, and deletes nothing where that is another one', async () => {
    const objects = [...(await encryptedGoldenStore('etcd-3.5/gzip')), { key: older, bytes: garbage }];
    const bucket = memoryBucket();
    for (const { key, bytes } of objects) {
      put(bucket, key, Buffer.from(bytes));
    }
    const { upload } = request(bucket).store;
    const storeWith = async ({ file }: { readonly file: string }): Promise<SnapStore> =>
      new BackupStore({ bucket, prefix: '', upload, log: upload.log, identities: await Identities.parse([file]) });
    assert.equal(await planned(objects, 'contents', await storeWith(ageKey)), '1 of 5 go, unread none');
    await assert.rejects(
      planned(objects, 'contents', await storeWith(otherAgeKey)),
      /cannot read Full-.*: it is encrypted, and the identity that was given does not open it; .*nothing was deleted/,
    );
  });
});
