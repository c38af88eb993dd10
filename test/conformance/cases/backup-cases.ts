import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSteps, checkStore } from '../../../src/operations/check-store/check-store.ts';
import { revision } from '../../../src/revision.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { formatName } from '../../../src/snapshot/name.ts';
import { BackupStore } from '../../../src/snapstore/backups/backup-store.ts';
import { briskClock } from '../../support/clock/brisk-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';
import { collected, inPieces, seededBytes } from '../../support/fixtures/byte-streams.ts';
import { snapshotNamed } from '../../support/fixtures/snapshots.ts';
import { type BucketRig, CHUNK, isStoreError, sha256 } from './bucket-rig.ts';

/** Backups over the bucket, as every command sees it. */
export function backupCases(rig: BucketRig): void {
  const { freshFolder, keysBelow, put, signal, fill } = rig;

  const backupsIn = (folder: string): { readonly store: BackupStore; readonly log: RecordedLog } => {
    const log = new RecordedLog();
    const upload = { parallel: 4, minChunkSize: CHUNK, clock: briskClock(), log };
    return { store: new BackupStore({ bucket: rig.bucket, prefix: folder, upload, log }), log };
  };
  const namesIn = async (store: BackupStore): Promise<string[]> =>
    (await store.list({ signal })).snapshots.filter(({ chunk }) => chunk === undefined).map(({ name }) => name);

  test('a snapshot is saved, listed, fetched and deleted', async () => {
    const { store } = backupsIn(freshFolder());
    const bytes = seededBytes(CHUNK + 77, 40);
    const snapshot = snapshotNamed('Full-0-58-1700000000.gz.final');
    const saved = await store.save(snapshot, inPieces(bytes, 9999), { signal, sizeBound: bytes.length });
    const listed = (await store.list({ signal })).snapshots.filter(({ chunk }) => chunk === undefined);
    assert.equal(listed.length, 1);
    const [found] = listed;
    assert.ok(found !== undefined);
    assert.deepEqual(
      [found.key, found.size, found.isFinal, found.compression],
      [saved.key, bytes.length, true, 'gzip'],
    );
    assert.equal(sha256(await collected(await store.fetch(found, { signal }))), sha256(bytes));
    await store.delete(found, { signal });
    assert.deepEqual((await store.list({ signal })).snapshots, []);
    await assert.rejects(store.fetch(found, { signal }), isStoreError('not_found'));
  });

  test('backups of old releases are listed together with new ones, in the order of their revisions', async () => {
    const folder = freshFolder();
    const { store } = backupsIn(folder);
    for (const key of [
      'v2/Incr-00000021-00000030-1700000200',
      'v1/Backup-1700000000/Incr-00000011-00000020-1700000100',
      'v2/Full-00000000-00000030-1700000300',
      'v1/Backup-1700000000/Full-00000000-00000010-1700000000',
    ]) {
      await put(folder + key, Buffer.from(key));
    }
    const { snapshots } = await store.list({ signal });
    assert.deepEqual(
      snapshots.filter(({ chunk }) => chunk === undefined).map(({ layout, name }) => `${layout} ${name}`),
      [
        'v1 Full-00000000-00000010-1700000000',
        'v1 Incr-00000011-00000020-1700000100',
        'v2 Incr-00000021-00000030-1700000200',
        'v2 Full-00000000-00000030-1700000300',
      ],
    );
    for (const snapshot of snapshots.filter(({ chunk }) => chunk === undefined)) {
      const text = (await collected(await store.fetch(snapshot, { signal }))).toString();
      assert.equal(folder + text, snapshot.key);
      await store.delete(snapshot, { signal });
    }
    assert.deepEqual(await keysBelow(folder), []);
  });

  test('objects that are no snapshots are ignored, with a warning each, or for their number', async () => {
    const folder = freshFolder();
    const { store, log } = backupsIn(folder);
    const foreign = [`${folder}v2/Companion-00000001.json`, `${folder}v2/meta/index`, `${folder}v2/Full-0-x-1`];
    for (const key of [...foreign, `${folder}elsewhere/Full-00000000-00000009-1`]) {
      await put(key, Buffer.from('{}'));
    }
    await put(`${folder}v2/Full-00000000-00000009-1700000000`, Buffer.from('full'));
    for (let round = 0; round < 2; round += 1) {
      const { ignored } = await store.list({ signal });
      const whole = ignored.filter((key) => rig.isShown(key));
      assert.deepEqual(whole.toSorted(), foreign.toSorted());
      assert.deepEqual(await namesIn(store), ['Full-00000000-00000009-1700000000']);
    }
    const { ignored } = await store.list({ signal });
    const named = log.lines.flatMap(({ fields }) => (typeof fields['key'] === 'string' ? [fields['key']] : []));
    assert.equal(new Set(named).size, named.length, 'none is named twice');
    assert.deepEqual(named.toSorted(), ignored.slice(0, 3).toSorted(), 'the first few are named');
  });

  test('snapshots that are saved at the same time all arrive', async () => {
    const { store } = backupsIn(freshFolder());
    const names = Array.from({ length: 8 }, (_, at) => `Incr-0000000${at + 1}-0000000${at + 1}-170000000${at}`);
    await Promise.all(
      names.map(async (name, at) => {
        const bytes = seededBytes(1000 + at, at);
        await store.save(snapshotNamed(name), inPieces(bytes, 333), { signal, sizeBound: bytes.length });
      }),
    );
    assert.deepEqual(await namesIn(store), names);
  });

  test('a check of the store finds nothing wrong and leaves nothing', async () => {
    const folder = freshFolder();
    const upload = { parallel: 2, minChunkSize: CHUNK, clock: systemClock, log: new RecordedLog() };
    const check = await checkStore({ bucket: rig.bucket, upload }, folder, { signal, clock: systemClock });
    assert.deepEqual(
      check.steps.map(({ step, outcome }) => [step, outcome]),
      checkSteps.map((step) => [step, 'ok']),
    );
    assert.equal(check.versioned, false);
    assert.deepEqual(await rig.allKeysBelow(folder), []);
  });

  // Half an hour: Swift takes ten minutes of a busy core to store 10,500 objects.
  test('a chain of many pages is listed whole, each snapshot once and in order', { timeout: 1_800_000 }, async () => {
    const folder = freshFolder();
    const count = Number(process.env['STORE_OBJECTS'] ?? rig.subject.manyObjects ?? 10_500);
    const names = Array.from({ length: count }, (_, at) =>
      formatName({
        kind: at === 0 ? 'Full' : 'Incr',
        startRevision: revision(at === 0 ? 0 : at * 10 + 1),
        lastRevision: revision(at * 10 + 10),
        createdOn: 1_700_000_000 + at,
        compression: 'none',
        isFinal: false,
      }),
    );
    await fill(names.map((name) => `${folder}v2/${name}`));
    assert.deepEqual(await keysBelow(folder), names.map((name) => `${folder}v2/${name}`).toSorted());
    assert.deepEqual(await namesIn(backupsIn(folder).store), names);
  });
}
