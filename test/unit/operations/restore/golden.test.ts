import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { inspectDatabase } from '../../../../src/datadir/mvcc/inspect.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { GOLDEN_NAMES, goldenExpected } from '../../../support/datadir/golden.ts';
import { storedKeys } from '../../../support/datadir/stored-keys.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

for (const name of GOLDEN_NAMES) {
  test(`restoring ${name} brings back every key, revision, version, lease and value`, async () => {
    using dir = makeTempDir();
    const context = recordedContext();
    const expected = goldenExpected(name);
    const store = memorySnapStore(goldenObjects(name));
    const result = await restore(restoreRequest(dir, { store }), context);
    const db = dir.join('data', 'member', 'snap', 'db');
    const facts = await inspectDatabase(db, context);
    assert.equal(result.revision, expected.revision);
    assert.equal(facts.lastRevision, expected.revision);
    assert.equal(result.dbSize, facts.size);
    assert.equal(result.snapshots.length, 4);
    assert.deepEqual(await storedKeys(db), expected.keys);
    assert.deepEqual(readdirSync(dir.path), ['data']);
    assert.equal(statSync(db).mode & 0o777, 0o600);
    assert.equal(statSync(dir.join('data')).mode & 0o777, 0o700);
  });
}
