import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UnknownLeases } from '../../../../src/ops/restore/assembly.ts';
import { restore } from '../../../../src/ops/restorer.ts';
import { storedKeys } from '../../../support/datadir/stored-keys.ts';
import { goldenObjects } from '../../../support/golden-store.ts';
import { largeChain } from '../../../support/large-chain.ts';
import { type MemoryObject, memorySnapStore } from '../../../support/memory-snapstore.ts';
import { restoreRequest } from '../../../support/restore-request.ts';
import { recordedContext } from '../../../support/run-context.ts';
import { makeTempDir } from '../../../support/temp-dir.ts';

/** The leases of the restored keys, by key. */
async function leasesAfter(objects: readonly MemoryObject[], unknownLeases: UnknownLeases) {
  using dir = makeTempDir();
  await restore(restoreRequest(dir, { store: memorySnapStore(objects), unknownLeases }), recordedContext());
  const keys = await storedKeys(dir.join('data', 'member', 'snap', 'db'));
  return new Map(keys.map(({ key, lease }) => [Buffer.from(key, 'base64').toString(), lease]));
}

const granted = { kind: 'grant', ttlSeconds: 60 } as const;

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
    const { objects } = largeChain();
    const leased = (leases: ReadonlyMap<string, string>): number =>
      [...leases].filter(([key, lease]) => key.startsWith('/threads/') && lease !== '0').length;
    assert.equal(leased(await leasesAfter(objects, granted)), 9);
    assert.equal(leased(await leasesAfter(objects, { kind: 'strip' })), 0);
  });
});
