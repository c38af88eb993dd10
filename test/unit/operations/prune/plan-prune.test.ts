import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { planPrune } from '../../../../src/operations/prune/plan-prune.ts';
import { FakeClock } from '../../../support/clock/fake-clock.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { type MemoryObject, memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const clock = new FakeClock('2026-11-22T12:30:00Z');
const rules = { policy: { kind: 'LimitBased', maxBackups: 1 }, deltaRetentionMs: 0, leftHistoryMs: 0 } as const;
const golden = goldenObjects('etcd-3.5/gzip');
const full = golden.find(({ key }) => key.includes('/Full-'));
const older = 'v2/Full-00000000-00000010-1795200000.gz';
const newer = 'v2/Full-00000000-00009000-1795300000.gz';
const garbage = new Uint8Array(5000).fill(7);

async function planned(objects: readonly MemoryObject[], proof: 'names' | 'contents'): Promise<string> {
  using dir = makeTempDir();
  const request = { store: memorySnapStore(objects), rules, proof: proof === 'names' ? proof : { tempDir: dir.path } };
  const { decisions, unread } = await planPrune(request, { ...recordedContext(), clock });
  const going = decisions.filter(({ action }) => action === 'delete').length;
  return `${going} of ${decisions.length} go, unread ${unread?.name.slice(0, 22) ?? 'none'}`;
}

describe('the plan of a prune', () => {
  it('names the full that nobody has looked into', async () => {
    const objects = [...golden, { key: older, bytes: garbage }];
    assert.equal(await planned(objects, 'names'), '1 of 5 go, unread Full-00000000-00000058');
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
});
