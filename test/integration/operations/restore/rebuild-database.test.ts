import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { compactBackup } from '../../../../src/operations/compact/compact.ts';
import type { UnknownLeases } from '../../../../src/operations/restore/rebuild-database.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { goldenDatabase } from '../../../support/datadir/golden.ts';
import { storedKeys } from '../../../support/datadir/stored-keys.ts';
import { storedLeases } from '../../../support/datadir/stored-leases.ts';
import { deltaObject, fullObject } from '../../../support/fixtures/backup-objects.ts';
import { put } from '../../../support/fixtures/delta-events.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { largeChain } from '../../../support/fixtures/large-chain.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { type MemoryObject, memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

/** The leases of the restored keys, by key. */
async function leasesAfter(objects: readonly MemoryObject[], unknownLeases: UnknownLeases) {
  using dir = makeTempDir();
  await restore(restoreRequest(dir, { store: memorySnapStore(objects), unknownLeases }), recordedContext());
  const keys = await storedKeys(dir.join('data', 'member', 'snap', 'db'));
  return new Map(keys.map(({ key, lease }) => [Buffer.from(key, 'base64').toString(), lease]));
}

/** One that threads read. */
const large = largeChain();

const granted = { kind: 'grant', ttlSeconds: 60 } as const;

/** TTLs of the lease records of a restored database, seconds by id. */
async function leaseRecordsAfter(objects: readonly MemoryObject[], unknownLeases: UnknownLeases) {
  using dir = makeTempDir();
  await restore(restoreRequest(dir, { store: memorySnapStore(objects), unknownLeases }), recordedContext());
  return await storedLeases(dir.join('data', 'member', 'snap', 'db'));
}

/** A golden full and two deltas: the TTL of lease 901 is recorded one delta late, that of 902 never. */
function leasedChain(): readonly MemoryObject[] {
  const full = fullObject(goldenDatabase('etcd-3.5/gzip'), { lastRevision: 58 });
  const at = { seconds: 1_795_251_540, nanos: 0 };
  return [
    full,
    deltaObject([put('one', 59, { lease: 901n }), put('two', 60, { lease: 902n }), put('three', 61, { lease: 903n })]),
    deltaObject([put('four', 62)], {}, () => at, new Map([901n, 903n].map((id) => [id, Number(id)]))),
  ];
}

describe('leases that are known by their ids only', () => {
  it('stay with their keys unless they are to be stripped', async () => {
    const kept = await leasesAfter(goldenObjects('etcd-3.5/gzip'), granted);
    const stripped = await leasesAfter(goldenObjects('etcd-3.5/gzip'), { kind: 'strip' });
    const before = [...kept].filter(([, lease]) => lease !== '0');
    const after = [...stripped].filter(([, lease]) => lease !== '0');
    assert.ok(
      after.length > 0 && after.length < before.length,
      `${before.length} keys with a lease, then ${after.length}`,
    );
    assert.deepEqual([...stripped.keys()], [...kept.keys()]);
  });

  it('are stripped by the threads that read large chains, too', async () => {
    const { objects } = large;
    const leased = (leases: ReadonlyMap<string, string>): number =>
      [...leases].filter(([key, lease]) => key.startsWith('/threads/') && lease !== '0').length;
    assert.equal(leased(await leasesAfter(objects, granted)), 9);
    assert.equal(leased(await leasesAfter(objects, { kind: 'strip' })), 0);
  });
});

describe('leases whose TTL the deltas tell', () => {
  it('are granted with it; the others with the given one', async () => {
    const records = await leaseRecordsAfter(leasedChain(), granted);
    assert.deepEqual(
      [901n, 902n, 903n].map((id) => records.get(id)),
      [901, 60, 903],
    );
  });

  it('are kept where unknown leases are stripped', async () => {
    const leases = await leasesAfter(leasedChain(), { kind: 'strip' });
    assert.deepEqual(
      ['one', 'two', 'three', 'four'].map((key) => leases.get(key)),
      ['901', '0', '903', '0'],
    );
    const records = await leaseRecordsAfter(leasedChain(), { kind: 'strip' });
    assert.deepEqual(
      [901n, 902n, 903n].map((id) => records.get(id)),
      [901, undefined, 903],
    );
  });

  it('are read by threads, too', async () => {
    const { objects, events, baseRevision } = large;
    const last = deltaObject(
      [put('last', baseRevision + events.length + 1)],
      {},
      () => ({ seconds: 1_795_251_540, nanos: 0 }),
      new Map([[8000n, 800]]),
    );
    const records = await leaseRecordsAfter([...objects, last], granted);
    assert.deepEqual(
      [7000n, 8000n].map((id) => records.get(id)),
      [60, 800],
    );
  });

  it('are in a compacted backup with it', async () => {
    using dir = makeTempDir();
    const { maxFetchers, skipHashCheck, quotaBytes } = restoreRequest(dir);
    let saved = Buffer.alloc(0);
    const store: SnapStore = {
      ...memorySnapStore(leasedChain()),
      save: async (snapshot, body) => {
        saved = Buffer.concat(await Array.fromAsync(body));
        return { ...snapshot, key: snapshot.name, size: saved.length };
      },
    };
    const request = { store, tempDir: dir.join('temp'), maxFetchers, skipHashCheck, quotaBytes, saveTimeoutMs: 60_000 };
    await compactBackup(request, recordedContext());
    writeFileSync(dir.join('db'), saved.subarray(0, -32));
    const records = await storedLeases(dir.join('db'));
    assert.deepEqual(
      [901n, 902n, 903n].map((id) => records.get(id)),
      [901, 3600, 903],
    );
  });
});
