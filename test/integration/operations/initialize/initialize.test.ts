import assert from 'node:assert/strict';
import { cp, readdir, readFile, truncate } from 'node:fs/promises';
import { test } from 'node:test';
import { etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { inspectDatabase } from '../../../../src/datadir/mvcc/inspect-database.ts';
import { initialize } from '../../../../src/operations/initialize/initialize.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const REVISION = 122;

for (const line of etcdLines) {
  test(`a directory that etcd ${line} works on is refused, and sound when that etcd has been killed`, async () => {
    using dir = makeTempDir();
    const request = { ...restoreRequest(dir), mode: 'full', namespace: undefined } as const;
    const first = await initialize(request, recordedContext());
    assert.equal(first.action, 'restored');
    await using etcd = await startEtcd({ release: await etcdRelease(line), dataDir: dir.join('data') });
    await etcd.etcdctl('put', 'one', 'more');
    await assert.rejects(initialize(request, recordedContext()), (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.code, 'data_dir_locked');
      assert.match(error.message, new RegExp(`etcd \\(pid ${etcd.pid()}\\) holds the lock`));
      return true;
    });
    await etcd.kill9();
    const after = await initialize(request, recordedContext());
    assert.equal(after.action, 'kept');
    await etcd.restart();
    assert.match(await etcd.etcdctl('get', 'one'), /more/);
  });

  test(`what only the log of a killed etcd ${line} holds is no data loss`, async () => {
    using dir = makeTempDir();
    const full = goldenObjects('etcd-3.5/gzip').filter(({ key }) => key.includes('Full-'));
    const request = { ...restoreRequest(dir), mode: 'sanity', namespace: undefined } as const;
    await initialize({ ...request, store: memorySnapStore(full) }, recordedContext());
    await using etcd = await startEtcd({
      release: await etcdRelease(line),
      dataDir: dir.join('data'),
      // The db stays as it is for an hour, so that everything is in the log alone.
      extraArgs: ['--backend-batch-interval=1h', '--backend-batch-limit=1000000'],
    });
    const base = 58;
    for (let revision = base + 1; revision <= REVISION; revision++) {
      await etcd.etcdctl('put', `key-${revision % 9}`, String(revision));
    }
    await etcd.kill9();
    await cp(dir.join('data'), dir.join('copy'), { recursive: true });
    const { lastRevision } = await inspectDatabase(dir.join('data/member/snap/db'), recordedContext());
    assert.ok(lastRevision < REVISION, `the db is already at ${lastRevision}`);

    const context = recordedContext();
    const kept = await initialize(request, context);
    assert.deepEqual(kept.found, { state: 'valid', revision: REVISION });
    assert.ok(
      context.lines.some(({ text }) => text.includes(`The write-ahead log brings the db to revision ${REVISION}`)),
    );

    // Without its last write the log no longer reaches the store.
    const copy = { ...request, dataDir: dir.join('copy') };
    await removeLastEntry(dir.join('copy/member/wal'));
    const restored = await initialize(copy, recordedContext());
    assert.deepEqual(restored.found, { state: 'behind_store', revision: REVISION - 1, storeRevision: REVISION });
    assert.equal(restored.action, 'restored');
  });
}

/** Cuts the log in the middle of its last entry. */
async function removeLastEntry(wal: string): Promise<void> {
  const last = (await readdir(wal))
    .filter((name) => name.endsWith('.wal'))
    .toSorted()
    .at(-1);
  const file = `${wal}/${last}`;
  const bytes = await readFile(file);
  let cut = 0;
  for (let offset = 0; bytes.readBigUInt64LE(offset) !== 0n; ) {
    const type = bytes[offset + 9];
    if (type === 2) {
      cut = offset;
    }
    offset += 8 + bytes.readUInt32LE(offset) + ((bytes[offset + 7] ?? 0) & 7);
  }
  await truncate(file, cut + 12);
}
