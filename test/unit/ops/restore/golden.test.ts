import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { inspectDatabase } from '../../../../src/datadir/mvcc/inspect.ts';
import { restore } from '../../../../src/ops/restorer.ts';
import { GOLDEN_NAMES, goldenExpected } from '../../../support/datadir/golden.ts';
import { storedKeys } from '../../../support/datadir/stored-keys.ts';
import { goldenObjects } from '../../../support/golden-store.ts';
import { memorySnapStore } from '../../../support/memory-snapstore.ts';
import { restoreRequest } from '../../../support/restore-request.ts';
import { recordedContext } from '../../../support/run-context.ts';
import { makeTempDir } from '../../../support/temp-dir.ts';

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
