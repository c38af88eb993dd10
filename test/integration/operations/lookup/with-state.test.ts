import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { findKey } from '../../../../src/operations/lookup/find-key.ts';
import { withState } from '../../../../src/operations/lookup/with-state.ts';
import type { RestoreTarget } from '../../../../src/operations/restore/target.ts';
import { revision } from '../../../../src/revision.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const objects = goldenObjects('etcd-3.5/gzip').map(({ key, bytes }) => ({
  key: key.slice(key.indexOf('v2/')),
  bytes,
}));

/** How reading a state of a store ends: with its revision, or with a failure. Nothing may be left. */
async function outcome(kept: typeof objects, target: RestoreTarget): Promise<number | Failure> {
  using home = makeTempDir();
  const source = { kind: 'store', store: memorySnapStore(kept), target } as const;
  const request = { source, tempDir: home.join('temp'), maxFetchers: 2 };
  try {
    return await withState(request, recordedContext(), ({ revision: read }) => Promise.resolve(read));
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    return error;
  } finally {
    assert.deepEqual(readdirSync(home.path), []);
  }
}

function until(wanted: number): RestoreTarget {
  return { until: { kind: 'revision', revision: revision(wanted) } };
}

test('the newest state and older ones are read from what leads to them', async () => {
  assert.equal(await outcome(objects, {}), 122);
  assert.equal(await outcome(objects, until(90)), 90);
  assert.equal(await outcome(objects, { from: 'Full-00000000-00000058-1795251532.gz' }), 58);
});

test('a gap, damage and what is outside of the backup are failures that name flags of the command', async () => {
  const withoutOne = objects.filter(({ key }) => !key.includes('Incr-00000090-'));
  const gap = await outcome(withoutOne, {});
  assert.ok(gap instanceof Failure && gap.code === 'backup_gap', String(gap));
  assert.match(gap.message, /--revision 89 /);
  assert.doesNotMatch(gap.message, /--to-revision/);
  assert.equal(await outcome(withoutOne, until(89)), 89);
  const bent = objects.map(({ key, bytes }) => {
    const copy = Buffer.from(bytes);
    const at = Math.floor(copy.length / 2);
    copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
    return { key, bytes: key.includes('Full-') ? copy : bytes };
  });
  const damaged = await outcome(bent, {});
  assert.ok(damaged instanceof Failure && damaged.code === 'snapshot_corrupt', String(damaged));
  const beyond = await outcome(objects, until(123));
  assert.ok(beyond instanceof Failure && beyond.code === 'beyond_backup', String(beyond));
  assert.match(beyond.message, /at most --revision 122/);
  const early = await outcome(objects, { until: { kind: 'time', time: { seconds: 1_000_000_000, nanos: 0 } } });
  assert.ok(early instanceof Failure && early.code === 'no_backup', String(early));
});

test('a part of a key, and a key that goes on, are other keys', async () => {
  using home = makeTempDir();
  const source = { kind: 'store', store: memorySnapStore(objects), target: {} } as const;
  const context = recordedContext();
  await withState({ source, tempDir: home.path, maxFetchers: 2 }, context, async (state) => {
    assert.equal((await findKey(Buffer.from('/end'), state, context)).tombstone, false);
    for (const key of ['/en', '/end/', '/end\0', '']) {
      await assert.rejects(findKey(Buffer.from(key), state, context), { code: 'no_such_key' });
    }
  });
});
