import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { inspectDatabase } from '../../../../src/datadir/mvcc/inspect-database.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { GOLDEN_NAMES, goldenExpected } from '../../../support/datadir/golden.ts';
import { storedKeys } from '../../../support/datadir/stored-keys.ts';
import { goldenFull, goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { restoredFrom } from '../../../support/fixtures/restored-objects.ts';
import { memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const golden = goldenObjects('etcd-3.5/gzip');

/** The golden store, with `change` between it and the restore. */
function storeWith(change: (call: number, fetch: SnapStore['fetch']) => SnapStore['fetch']): SnapStore {
  const store = memorySnapStore(golden);
  let calls = 0;
  return { ...store, fetch: (snapshot, options) => change(++calls, store.fetch)(snapshot, options) };
}

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

test('a full alone is restored', async () => {
  const full = goldenFull('etcd-3.5/gzip');
  const { result } = await restoredFrom([full]);
  assert.equal(result.revision, 58);
  assert.equal(result.eventsApplied, 0);
  assert.deepEqual(result.snapshots, [full.key.slice('v2/'.length)]);
});

test('a data directory that holds member/ is refused and stays as it is', async () => {
  using dir = makeTempDir();
  mkdirSync(dir.join('data', 'member'), { recursive: true });
  writeFileSync(dir.join('data', 'member', 'precious'), 'x');
  await assert.rejects(restore(restoreRequest(dir), recordedContext()), {
    code: 'data_dir_in_use',
    message: /it already contains member\/; stop the etcd that runs on it, if one does, and move it away/,
  });
  assert.deepEqual(readdirSync(dir.join('data', 'member')), ['precious']);
  assert.deepEqual(readdirSync(dir.path), ['data']);
});

test('an existing data directory is kept, as a mount point has to be, and gets member/ inside', async () => {
  using dir = makeTempDir();
  mkdirSync(dir.join('data'));
  writeFileSync(dir.join('data', 'safe_guard'), 'namespace');
  const { ino } = statSync(dir.join('data'));
  await restore(restoreRequest(dir), recordedContext());
  assert.equal(statSync(dir.join('data')).ino, ino);
  assert.deepEqual(readdirSync(dir.join('data')).toSorted(), ['member', 'safe_guard']);
  assert.deepEqual(readdirSync(dir.path), ['data']);
});

test('what a killed restore has left is removed', async () => {
  using dir = makeTempDir();
  const left = '.data.etcdbrctl-4194304-0123456789abcdef';
  mkdirSync(dir.join(left, 'data', 'member', 'snap'), { recursive: true });
  writeFileSync(dir.join(left, 'data', 'member', 'stale'), 'x');
  writeFileSync(dir.join('.data.etcdbrctl-lock'), '4194304\n');
  mkdirSync(dir.join('.data.etcdbrctl-notes'));
  await restore(restoreRequest(dir), recordedContext());
  assert.deepEqual(readdirSync(dir.join('data', 'member')).toSorted(), ['snap', 'wal']);
  assert.deepEqual(readdirSync(dir.path).toSorted(), ['.data.etcdbrctl-notes', 'data']);
});

test('what a killed restore has left inside an existing directory is removed', async () => {
  using dir = makeTempDir();
  mkdirSync(dir.join('data', '.etcdbrctl-4194304-0123456789abcdef', 'member'), { recursive: true });
  await restore(restoreRequest(dir), recordedContext());
  assert.deepEqual(readdirSync(dir.join('data')), ['member']);
});

test('directories above the data directory are made, and removed again after a failure', async () => {
  using dir = makeTempDir();
  const request = restoreRequest(dir, { dataDir: dir.join('a', 'b', 'data') });
  await assert.rejects(restore({ ...request, quotaBytes: 1 }, recordedContext()));
  assert.deepEqual(readdirSync(dir.path), []);
  await restore(request, recordedContext());
  assert.ok(existsSync(dir.join('a', 'b', 'data', 'member', 'snap', 'db')));
});

test('a database above the quota is refused, by the base alone or with the deltas', async () => {
  for (const quotaBytes of [100_000, 380_000]) {
    using dir = makeTempDir();
    mkdirSync(dir.join('data'));
    await assert.rejects(restore(restoreRequest(dir, { quotaBytes }), recordedContext()), {
      code: 'quota_exceeded',
      message: /it needs at least [\d.]+ KiB, more than the quota of [\d.]+ KiB; raise/,
    });
    assert.deepEqual(readdirSync(dir.join('data')), []);
    assert.deepEqual(readdirSync(dir.path), ['data']);
  }
});

test('membership that contradicts itself is refused before anything is fetched', async () => {
  using dir = makeTempDir();
  const request = restoreRequest(dir);
  const store = storeWith(() => assert.fail('fetched'));
  const member = { ...request.member, name: 'someone-else' };
  await assert.rejects(restore({ ...request, store, member }, recordedContext()), {
    code: 'invalid_membership',
    exitCode: 2,
    message: /^cannot use --name: --initial-cluster names only default; give those that etcd will be started with$/,
  });
  assert.deepEqual(readdirSync(dir.path), []);
});

test('a store that fails in passing is asked again, from the beginning of the object', async () => {
  using dir = makeTempDir();
  const failing = new StoreError('transient', { action: 'read', object: 'x', found: 'the connection broke' });
  const store = storeWith((call, fetch) => async (snapshot, options) => {
    if (call === 1) {
      throw failing;
    }
    const whole = await fetch(snapshot, options);
    return call % 2 === 1 ? whole : Readable.from(breakingAfter(whole, 1, failing), { objectMode: false });
  });
  const context = recordedContext();
  const result = await restore(restoreRequest(dir, { store, maxFetchers: 1 }), context);
  assert.equal(result.revision, 122);
  assert.ok(context.sleeps.length >= 4);
  assert.deepEqual(new Set(context.sleeps), new Set([1000, 2000]));
});

test('a store that keeps failing ends the restore with its own error', async () => {
  using dir = makeTempDir();
  const failing = new StoreError('transient', { action: 'read', object: 'x', found: 'the connection broke' });
  const context = recordedContext();
  const store = storeWith(() => () => Promise.reject(failing));
  await assert.rejects(restore(restoreRequest(dir, { store }), context), failing);
  assert.deepEqual(context.sleeps, [1000, 2000, 4000, 8000, 16000]);
  assert.deepEqual(readdirSync(dir.path), []);
});

test('a store that refuses is not asked again', async () => {
  using dir = makeTempDir();
  const denied = new StoreError('denied', { action: 'read', object: 'x', found: 'access denied' });
  const context = recordedContext();
  const store = storeWith((call, fetch) => (call > 2 ? () => Promise.reject(denied) : fetch));
  await assert.rejects(restore(restoreRequest(dir, { store, maxFetchers: 2 }), context), denied);
  assert.deepEqual(context.sleeps, []);
  assert.deepEqual(readdirSync(dir.path), []);
});

test('an abort at any fetch leaves nothing and gives its own reason', async () => {
  for (const at of [1, 2, 3, 4]) {
    using dir = makeTempDir();
    const stop = new AbortController();
    const reason = new Error('stopped by the user');
    const store = storeWith((call, fetch) => {
      if (call === at) {
        stop.abort(reason);
      }
      return fetch;
    });
    const context = recordedContext(stop.signal);
    await assert.rejects(restore(restoreRequest(dir, { store, maxFetchers: 1 }), context), reason);
    assert.deepEqual(readdirSync(dir.path), [], `aborted at fetch ${at}`);
  }
});

test('a base with a wrong hash is refused, unless the check is skipped', async () => {
  const damaged = goldenObjects('etcd-3.5/none').map((object) =>
    object.key.includes('Full-') ? { ...object, bytes: flipped(object.bytes, object.bytes.length - 1) } : object,
  );
  const store = memorySnapStore(damaged);
  using dir = makeTempDir();
  await assert.rejects(restore(restoreRequest(dir, { store }), recordedContext()), { code: 'snapshot_corrupt' });
  const result = await restore(restoreRequest(dir, { store, skipHashCheck: true }), recordedContext());
  assert.equal(result.revision, 122);
});

test('a base without a hash is accepted only when the check is skipped', async () => {
  const bare = goldenObjects('etcd-3.5/none').map((object) =>
    object.key.includes('Full-') ? { ...object, bytes: object.bytes.subarray(0, -32) } : object,
  );
  const store = memorySnapStore(bare);
  using dir = makeTempDir();
  await assert.rejects(restore(restoreRequest(dir, { store }), recordedContext()), { code: 'snapshot_corrupt' });
  const result = await restore(restoreRequest(dir, { store, skipHashCheck: true }), recordedContext());
  assert.equal(result.revision, 122);
});

test('a delta with a wrong hash is refused even when the check of the base is skipped', async () => {
  const damaged = goldenObjects('etcd-3.5/none').map((object) =>
    object.key.includes('Incr-00000090')
      ? { ...object, bytes: flipped(object.bytes, object.bytes.length - 1) }
      : object,
  );
  using dir = makeTempDir();
  const request = restoreRequest(dir, { store: memorySnapStore(damaged), skipHashCheck: true });
  await assert.rejects(restore(request, recordedContext()), { code: 'snapshot_corrupt', message: /Incr-00000090/ });
  assert.deepEqual(readdirSync(dir.path), []);
});

test('the temporary directory stays when it was there before', async () => {
  using dir = makeTempDir();
  mkdirSync(dir.join('temp'));
  await restore(restoreRequest(dir), recordedContext());
  assert.deepEqual(readdirSync(dir.join('temp')), []);
});

test('restoring twice gives the same database, byte for byte', async () => {
  using dir = makeTempDir();
  const bytes = [];
  for (const name of ['one', 'two']) {
    await restore(restoreRequest(dir, { dataDir: dir.join(name) }), recordedContext());
    bytes.push(readFileSync(dir.join(name, 'member', 'snap', 'db')));
  }
  assert.ok(bytes[0]?.equals(bytes[1] ?? Buffer.alloc(0)));
});

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

async function* breakingAfter(source: AsyncIterable<Uint8Array>, pieces: number, error: Error) {
  let left = pieces;
  for await (const piece of source) {
    if (left-- === 0) {
      throw error;
    }
    yield piece;
  }
  throw error;
}
