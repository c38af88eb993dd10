import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { revision } from '../../../../src/revision.ts';
import { markerName } from '../../../../src/snapshot/history/history-marker.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { assertRestoreRefused } from '../../../support/fixtures/restored-objects.ts';
import { memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

test('an empty store is refused', async () => {
  await assertRestoreRefused([], { code: 'no_backup', message: /cannot restore from memory: it holds no snapshot/ });
});

test('an empty store says why it is empty', async () => {
  for (const [reason, message] of [
    [{ kind: 'no container' }, /it holds no snapshot, as it does not exist; check --store-container/],
    [{ kind: 'directly here' }, /it holds no snapshot in a folder v2, but some directly there; leave out \/v2/],
    [{ kind: 'other prefixes', prefixes: ['etcd-main'] }, /its container holds some under "etcd-main"; correct/],
  ] as const) {
    using dir = makeTempDir();
    const store = { ...memorySnapStore([]), whyEmpty: () => Promise.resolve(reason) };
    await assert.rejects(restore(restoreRequest(dir, { store }), recordedContext()), { code: 'no_backup', message });
  }
});

test('deltas without a full are refused', async () => {
  const deltas = goldenObjects('etcd-3.5/gzip').filter(({ key }) => !key.includes('Full-'));
  await assertRestoreRefused(deltas, { code: 'backup_gap', message: /no full snapshot to begin with/ });
});

test('a store whose living history holds nothing names the one that was left, and no mistyped place', async () => {
  using dir = makeTempDir();
  const stored = memorySnapStore(goldenObjects('etcd-3.5/gzip'));
  const store: typeof stored = {
    ...stored,
    whyEmpty: () => Promise.resolve({ kind: 'directly here' }),
    list: async (options) => {
      const listing = await stored.list(options);
      const begunOn = 1_795_251_600;
      const marker = {
        name: markerName({ begunOn, shared: revision(0) }),
        begunOn,
        why: 'rolled_back',
        shared: revision(0),
        first: 'Full-00000000-00000009-1795251600.gz',
        clusterId: '1',
        left: listing.snapshots.map(({ name }) => name),
      } as const;
      return { ...listing, markers: [marker] };
    },
  };
  await assert.rejects(restore(restoreRequest(dir, { store }), recordedContext()), {
    code: 'no_backup',
    message: /: all it holds is of other histories than the one that was written last; .*restore --history 1/,
  });
});
