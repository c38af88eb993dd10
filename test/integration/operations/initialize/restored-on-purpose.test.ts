import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { type InitializeResult, initialize } from '../../../../src/operations/initialize/initialize.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import type { RestoreTarget } from '../../../../src/operations/restore/target.ts';
import { revision } from '../../../../src/revision.ts';
import { type RecordedContext, recordedContext } from '../../../support/context/run-context.ts';
import { eventDatabase } from '../../../support/datadir/event-database.ts';
import { deltaObject, fullObject } from '../../../support/fixtures/backup-objects.ts';
import { history } from '../../../support/fixtures/delta-events.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { laidDirectory } from '../../../support/fixtures/laid-directory.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { type MemoryObject, memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const BACKUP = goldenObjects('etcd-3.5/gzip');
const OLDER = 90;
const NEWEST = 122;
const DAY = 86_400;
const toOlder: RestoreTarget = { until: { kind: 'revision', revision: revision(OLDER) } };

const MARK = 'data/member/etcdbrctl-restored.json';

/** The state of the full, as a restore leaves it when the store holds nothing else. */
const layFull = await laidDirectory({ store: memorySnapStore(BACKUP.filter(({ key }) => key.includes('Full-'))) });
const layNewest = await laidDirectory();

async function restored(
  dir: TempDir,
  target: RestoreTarget,
  objects: readonly MemoryObject[] = BACKUP,
): Promise<RecordedContext> {
  const context = recordedContext();
  const result = await restore(restoreRequest(dir, { store: memorySnapStore(objects), target }), context);
  assert.equal(result.later === undefined, target.until === undefined);
  return context;
}

async function initialized(dir: TempDir, objects: readonly MemoryObject[] = BACKUP): Promise<InitializeResult> {
  const request = {
    ...restoreRequest(dir),
    store: memorySnapStore(objects),
    mode: 'full',
    namespace: undefined,
  } as const;
  return await initialize(request, recordedContext());
}

/** What a new snapshotter would have stored after the restore. */
function storedSince(context: RecordedContext, first: number, last: number): MemoryObject {
  return deltaObject(history(first, last), { createdOn: Math.floor(context.clock.now() / 1000) + 60 });
}

describe('a directory that was restored to an older state', () => {
  it('is kept as long as nothing later is stored', async () => {
    using dir = makeTempDir();
    await restored(dir, toOlder);
    assert.equal(statSync(dir.join(MARK)).mode & 0o777, 0o600);
    for (let time = 0; time < 2; time++) {
      const { found, action } = await initialized(dir);
      assert.deepEqual([found, action], [{ state: 'valid', revision: OLDER }, 'kept']);
    }
  });

  it('is compared again when the backup has gone on', async () => {
    using dir = makeTempDir();
    const context = await restored(dir, toOlder);
    const since = storedSince(context, NEWEST + 1, NEWEST + 5);
    const { found, action } = await initialized(dir, [...BACKUP, since]);
    assert.equal(found.state, 'behind_store');
    assert.equal(action, 'restored');
    assert.ok(!existsSync(dir.join(MARK)));
  });

  it('is brought back to that state when it is damaged', async () => {
    using dir = makeTempDir();
    await restored(dir, toOlder);
    truncateSync(dir.join('data/member/snap/db'), 100);
    const { action, restored: built } = await initialized(dir);
    assert.deepEqual([action, built?.revision], ['restored', OLDER]);
    assert.equal((await initialized(dir)).action, 'kept');
  });

  it('by the name of a snapshot is kept, too', async () => {
    using dir = makeTempDir();
    const full = BACKUP.find(({ key }) => key.includes('Full-'))?.key.slice(3) ?? '';
    await restore(restoreRequest(dir, { store: memorySnapStore(BACKUP), target: { from: full } }), recordedContext());
    assert.deepEqual((await initialized(dir)).found, { state: 'valid', revision: 58 });
  });

  it('has no mark when it was restored to the newest state', async () => {
    using dir = makeTempDir();
    await restored(dir, {});
    assert.ok(!existsSync(dir.join(MARK)));
  });
});

describe('a mark that cannot be true', () => {
  const now = Math.floor(recordedContext().clock.now() / 1000);
  const good = { format: 1, revision: 58, restoredOn: now, newestSeen: now, history: 1 };
  const cases: readonly (readonly [string, (file: string) => void])[] = [
    ['no JSON', (file) => writeFileSync(file, '<html>')],
    ['empty', (file) => writeFileSync(file, '')],
    ['of another format', (file) => writeFileSync(file, JSON.stringify({ ...good, format: 2 }))],
    ['too large', (file) => writeFileSync(file, `${JSON.stringify(good)}${' '.repeat(3_000_000)}`)],
    ['from the future', (file) => writeFileSync(file, JSON.stringify({ ...good, restoredOn: now + DAY }))],
    [
      'of a store from the future',
      (file) => writeFileSync(file, JSON.stringify({ ...good, newestSeen: now + 9 * DAY })),
    ],
    ['ahead of the directory', (file) => writeFileSync(file, JSON.stringify({ ...good, revision: 100 }))],
    ['a negative revision', (file) => writeFileSync(file, JSON.stringify({ ...good, revision: -1 }))],
    ['a revision without a number', (file) => writeFileSync(file, JSON.stringify({ ...good, revision: 1e300 }))],
    ['a pipe', (file) => execFileSync('mkfifo', [file])],
    [
      'a link',
      (file) => {
        writeFileSync(`${file}.target`, JSON.stringify(good));
        symlinkSync(`${file}.target`, file);
      },
    ],
  ];
  for (const [what, forge] of cases) {
    it(`is ignored: ${what}`, async () => {
      using dir = makeTempDir();
      layFull(dir);
      forge(dir.join(MARK));
      const { action, restored: built } = await initialized(dir);
      assert.deepEqual([action, built?.revision], ['restored', NEWEST]);
    });
  }

  it('and one that is true is not', async () => {
    using dir = makeTempDir();
    layFull(dir);
    writeFileSync(dir.join(MARK), JSON.stringify(good));
    assert.equal((await initialized(dir)).action, 'kept');
  });
});

describe('the comparison with the store', () => {
  it('leaves out what is empty or from the future', async () => {
    using dir = makeTempDir();
    layNewest(dir);
    const ahead = Math.floor(recordedContext().clock.now() / 1000);
    for (const object of [
      { key: `v2/Full-00000000-9007199254740990-${ahead}.gz`, bytes: new Uint8Array(0) },
      { key: `v2/Full-00000000-00009000-${ahead + DAY}.gz`, bytes: new Uint8Array(500) },
    ]) {
      assert.deepEqual((await initialized(dir, [...BACKUP, object])).action, 'kept');
    }
  });

  it('keeps a valid directory when the newest backup cannot be read', async () => {
    using dir = makeTempDir();
    layNewest(dir);
    const ahead = Math.floor(recordedContext().clock.now() / 1000);
    const object = { key: `v2/Full-00000000-00009000-${ahead}.gz`, bytes: new Uint8Array(500) };
    const { action, notCompared } = await initialized(dir, [...BACKUP, object]);
    assert.equal(action, 'kept');
    assert.match(notCompared ?? '', /Full-00000000-00009000/);
  });

  it('does not hold a directory against a history that may have been left', async () => {
    using dir = makeTempDir();
    const begun = fullObject(await eventDatabase(history(2, 3)), { lastRevision: 3, createdOn: 1_795_251_500 });
    const old = fullObject(await eventDatabase(history(2, 7)), { lastRevision: 7, createdOn: 1_795_251_400 });
    await restored(dir, {}, [begun]);
    assert.deepEqual((await initialized(dir, [old, begun])).found, { state: 'valid', revision: 3 });
    rmSync(dir.join('data/member/snap/db'));
    await assert.rejects(initialized(dir, [old, begun]), { code: 'history_fork' });
    assert.ok(readFileSync(dir.join('data/member/snap/0000000000000001-0000000000000001.snap')).length > 0);
  });
});
