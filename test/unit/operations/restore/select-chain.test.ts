import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
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
