import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { readLastRevision } from '../../../../src/datadir/mvcc/last-revision.ts';
import { initialize } from '../../../../src/operations/initialize/initialize.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { type HoldingPoint, holdBack } from '../../../support/stores/held-back-store.ts';

type Request = Parameters<typeof restore>[0];
type Run = (request: Request) => Promise<unknown>;

const RUNS: Readonly<Record<'restore' | 'initialize', Run>> = {
  restore: (request) => restore(request, recordedContext()),
  initialize: (request) => initialize({ ...request, mode: 'full', namespace: undefined }, recordedContext()),
};

const POINTS: readonly HoldingPoint[] = ['before the listing', 'before the full', 'inside the full', 'before a delta'];

const PLACES = {
  'an absent directory': () => undefined,
  'an absent directory with absent ones above': () => undefined,
  'an empty directory': (dir: TempDir) => mkdirSync(dir.join('data')),
} as const;

async function revisionIn(dataDir: string): Promise<number> {
  await using database = await Database.open(path.join(dataDir, 'member', 'snap', 'db'));
  return Number(await readLastRevision(database));
}

for (const [first, runFirst] of Object.entries(RUNS)) {
  for (const [second, runSecond] of Object.entries(RUNS)) {
    for (const [place, prepare] of Object.entries(PLACES)) {
      test(`${second} is refused while ${first} works on ${place}, whatever point that has reached`, async () => {
        for (const point of POINTS) {
          using dir = makeTempDir();
          prepare(dir);
          const dataDir = place.endsWith('above') ? dir.join('deep', 'er', 'data') : dir.join('data');
          const request = restoreRequest(dir, { dataDir });
          const held = holdBack(request.store, point);
          const running = runFirst({ ...request, store: held.store });
          await held.arrived;
          await assert.rejects(runSecond(request), {
            code: 'data_dir_busy',
            message: new RegExp(
              `another run \\(pid ${process.pid}\\) is restoring or checking it; wait .*nothing was changed`,
            ),
          });
          held.letGo();
          await running;
          assert.equal(await revisionIn(dataDir), 122, point);
          assert.deepEqual(readdirSync(dataDir), ['member'], point);
          assert.deepEqual(readdirSync(path.dirname(dataDir)), ['data'], point);
        }
      });
    }
  }
}

test('every spelling of a path leads to the same lock', async () => {
  for (const exists of [true, false]) {
    using dir = makeTempDir();
    mkdirSync(dir.join('real'));
    if (exists) {
      mkdirSync(dir.join('real', 'data'));
    }
    symlinkSync('real', dir.join('parent'));
    symlinkSync('real/data', dir.join('link'));
    symlinkSync('link', dir.join('link-to-link'));
    const request = restoreRequest(dir, { dataDir: dir.join('real', 'data') });
    const held = holdBack(request.store, 'before the full');
    const running = RUNS.restore({ ...request, store: held.store });
    await held.arrived;
    for (const spelling of [
      dir.join('parent', 'data'),
      dir.join('link'),
      dir.join('link-to-link'),
      `${dir.path}/real/../parent/./data/`,
      path.relative(process.cwd(), dir.join('parent', 'data')),
    ]) {
      await assert.rejects(RUNS.restore({ ...request, dataDir: spelling }), { code: 'data_dir_busy' }, spelling);
    }
    held.letGo();
    await running;
    assert.deepEqual(readdirSync(dir.join('real')), ['data']);
  }
});

test('neighbours are restored at the same time', async () => {
  using dir = makeTempDir();
  const request = restoreRequest(dir);
  const held = holdBack(request.store, 'before the full');
  const running = RUNS.restore({ ...request, store: held.store });
  await held.arrived;
  await RUNS.restore({ ...request, dataDir: dir.join('other'), tempDir: dir.join('other-temp') });
  held.letGo();
  await running;
  assert.deepEqual(readdirSync(dir.path).toSorted(), ['data', 'other']);
});

test('two data directories never get the same directory for their logs', async () => {
  using dir = makeTempDir();
  const request = restoreRequest(dir, { walDir: dir.join('wal') });
  const held = holdBack(request.store, 'before the full');
  const running = RUNS.restore({ ...request, store: held.store });
  await held.arrived;
  for (const run of Object.values(RUNS)) {
    await assert.rejects(run({ ...request, dataDir: dir.join('other') }), { code: 'data_dir_busy' });
  }
  held.letGo();
  await running;
  assert.deepEqual(readdirSync(dir.path).toSorted(), ['data', 'wal']);
});

test('a member that an etcd begins meanwhile is left alone', async () => {
  for (const exists of [true, false]) {
    using dir = makeTempDir();
    if (exists) {
      mkdirSync(dir.join('data'));
    }
    const request = restoreRequest(dir);
    const held = holdBack(request.store, 'before the full');
    const running = RUNS.restore({ ...request, store: held.store });
    await held.arrived;
    mkdirSync(dir.join('data', 'member', 'snap'), { recursive: true });
    writeFileSync(dir.join('data', 'member', 'snap', 'db'), 'begun');
    held.letGo();
    await assert.rejects(running, { code: 'data_dir_in_use' });
    assert.deepEqual(readdirSync(dir.join('data', 'member')), ['snap']);
    assert.deepEqual(readdirSync(dir.join('data')), ['member']);
    assert.deepEqual(readdirSync(dir.path), ['data']);
  }
});

test('a directory that is moved or replaced meanwhile is not written into', async () => {
  using dir = makeTempDir();
  mkdirSync(dir.join('data'));
  const request = restoreRequest(dir);
  const held = holdBack(request.store, 'before a delta');
  const running = RUNS.restore({ ...request, store: held.store });
  await held.arrived;
  renameSync(dir.join('data'), dir.join('moved'));
  mkdirSync(dir.join('data'));
  held.letGo();
  await assert.rejects(running, { code: 'data_dir_changed' });
  assert.deepEqual(readdirSync(dir.join('data')), []);
  assert.deepEqual(readdirSync(dir.join('moved')), []);
  assert.ok(!existsSync(dir.join('data', 'member')));
});
