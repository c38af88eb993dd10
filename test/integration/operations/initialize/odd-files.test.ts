import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { openSnapshotFile } from '../../../../src/objects/single-file-store.ts';
import { type InitializeRequest, initialize } from '../../../../src/operations/initialize/initialize.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { readStatus } from '../../../../src/operations/status/status.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';

const WAL = 'member/wal/0000000000000000-0000000000000000.wal';

function run(dir: TempDir, changes: Partial<InitializeRequest> = {}): ReturnType<typeof initialize> {
  return initialize({ ...restoreRequest(dir), mode: 'full', namespace: undefined, ...changes }, recordedContext());
}

/** The `.snap` file of a restored member, the log, and the db. */
function filesOf(dir: TempDir): readonly string[] {
  const snap = readdirSync(dir.join('data', 'member', 'snap')).find((name) => name.endsWith('.snap')) ?? '';
  return [`member/snap/${snap}`, WAL, 'member/snap/db'];
}

for (const [kind, put] of Object.entries({
  pipe: (file: string) => execFileSync('mkfifo', [file]),
  device: (file: string) => symlinkSync('/dev/zero', file),
  directory: (file: string) => mkdirSync(file),
})) {
  test(`a ${kind} in place of a file of the directory holds nobody up`, { timeout: 60_000 }, async () => {
    using whole = makeTempDir();
    await restore(restoreRequest(whole), recordedContext());
    for (const file of filesOf(whole)) {
      using dir = makeTempDir();
      await restore(restoreRequest(dir), recordedContext());
      renameSync(dir.join('data', file), dir.join('kept'));
      put(dir.join('data', file));
      const status = await readStatus({ path: dir.join('data'), tempDir: dir.join('temp') }, recordedContext()).catch(
        (error: unknown) => error,
      );
      assert.ok(!(status instanceof Error) || status.name === 'Failure', String(status));
      // Either it is replaced, and what was there kept, or it is refused and named.
      const outcome = await run(dir).catch((error: unknown) => error);
      if (outcome instanceof Error) {
        assert.match(outcome.message, new RegExp(`${path.basename(file)} is a ${kind}`), file);
      } else {
        assert.match(String(Reflect.get(Object(outcome), 'action')), /restored|kept/);
      }
    }
  });
}

test('a pipe, a device or a directory is no snapshot file', { timeout: 30_000 }, async () => {
  using dir = makeTempDir();
  execFileSync('mkfifo', [dir.join('pipe')]);
  mkdirSync(dir.join('directory'));
  for (const [file, kind] of [
    [dir.join('pipe'), 'a pipe'],
    [dir.join('directory'), 'a directory'],
    ['/dev/zero', 'a device'],
  ] as const) {
    await assert.rejects(openSnapshotFile(file, { hash: 'needed' }), {
      code: 'not_a_file',
      message: `cannot read ${file}: it is ${kind}, not a file; give a full snapshot, or the db of a data directory (member/snap/db)`,
    });
    if (kind !== 'a directory') {
      await assert.rejects(readStatus({ path: file, tempDir: dir.join('temp') }, recordedContext()), {
        code: 'not_a_file',
      });
    }
  }
});

for (const [kind, prepare] of Object.entries({
  'a link': (dir: TempDir) => symlinkSync(dir.join('precious'), dir.join('data', `${WAL}.broken`)),
  'a file': (dir: TempDir) => writeFileSync(dir.join('data', `${WAL}.broken`), 'older', { mode: 0o644 }),
})) {
  test(`the copy of a torn log is a new file, in place of ${kind} of its name`, async () => {
    using dir = makeTempDir();
    await restore(restoreRequest(dir), recordedContext());
    const wal = dir.join('data', WAL);
    const whole = readFileSync(wal).subarray(0, 285);
    truncateSync(wal, 285);
    writeFileSync(dir.join('precious'), 'text', { mode: 0o644 });
    const { uid, ino } = statSync(dir.join('precious'));
    prepare(dir);
    assert.equal((await run(dir)).action, 'kept');
    assert.equal(readFileSync(dir.join('precious'), 'utf8'), 'text');
    assert.deepEqual([statSync(dir.join('precious')).uid, statSync(dir.join('precious')).ino], [uid, ino]);
    assert.deepEqual(readFileSync(`${wal}.broken`), whole);
    assert.equal(statSync(`${wal}.broken`).mode & 0o777, 0o600);
  });
}

test('a log that is a link is not cut through it', async () => {
  using dir = makeTempDir();
  await restore(restoreRequest(dir), recordedContext());
  const wal = dir.join('data', WAL);
  truncateSync(wal, 285);
  renameSync(wal, dir.join('elsewhere'));
  symlinkSync(dir.join('elsewhere'), wal);
  await assert.rejects(run(dir), { code: 'file_error', message: /a symbolic link is where none may be/ });
  assert.equal(statSync(dir.join('elsewhere')).size, 285);
});

test('safe_guard is read as a short file, or not at all, and never shown', { timeout: 30_000 }, async () => {
  for (const [put, found] of [
    [(guard: string, dir: TempDir) => symlinkSync(dir.join('secret'), guard), 'is a symbolic link, not a file'],
    [(guard: string) => execFileSync('mkfifo', [guard]), 'is a pipe, not a file'],
    [(guard: string) => mkdirSync(guard), 'is a directory, not a file'],
    [(guard: string) => writeFileSync(guard, 'top-secret'), 'was not made for the namespace "name"'],
    [(guard: string) => writeFileSync(guard, `name${' '.repeat(1025)}`), 'was not made for the namespace "name"'],
  ] as const) {
    using dir = makeTempDir();
    writeFileSync(dir.join('secret'), 'name', { mode: 0o640 });
    put(dir.join('safe_guard'), dir);
    await assert.rejects(run(dir, { namespace: 'name' }), (error) => {
      assert.ok(error instanceof Error);
      assert.equal(Reflect.get(error, 'code'), 'wrong_volume');
      assert.ok(error.message.includes(`safe_guard ${found}`), error.message);
      assert.ok(!error.message.includes('top-secret'));
      return true;
    });
    assert.equal(statSync(dir.join('secret')).mode & 0o777, 0o640);
  }
});
