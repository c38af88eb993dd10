import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { tryLockFile, tryLockHandle } from '../../../../src/runtime/process/file-lock.ts';
import { findLockHolder } from '../../../../src/runtime/process/lock-holder.ts';

test('a free file is locked until the lock is disposed of', async () => {
  using temp = makeTempDir();
  const file = temp.join('db');
  await writeFile(file, 'x');
  const first = await tryLockFile(file);
  assert.ok(first.acquired);
  assert.equal(first.lock.strength, 'exclusive');
  const second = await tryLockFile(file);
  assert.deepEqual(second, { acquired: false, holder: { pid: process.pid, command: 'node' } });
  await first.lock[Symbol.asyncDispose]();
  const third = await tryLockFile(file);
  assert.ok(third.acquired);
  await third.lock[Symbol.asyncDispose]();
});

test('a lock of another program is respected and its holder named', async () => {
  using temp = makeTempDir();
  const file = temp.join('db');
  await writeFile(file, 'x');
  // `flock` from util-linux takes the lock as bbolt does and says so before it waits.
  const child = spawn('flock', ['--exclusive', file, 'sh', '-c', 'echo locked; read line'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const attempt = await tryLockFile(file);
  assert.ok(!attempt.acquired);
  assert.equal(attempt.holder?.pid, child.pid);
  assert.equal(attempt.holder?.command, 'flock');
  child.stdin.end('\n');
  await once(child, 'exit');
  const free = await tryLockFile(file);
  assert.ok(free.acquired);
  await free.lock[Symbol.asyncDispose]();
  assert.equal(await findLockHolder(file), undefined);
});

test('a lock whose holder ends while it is looked for is free', async () => {
  using temp = makeTempDir();
  await writeFile(temp.join('db'), 'x');
  const first = await tryLockFile(temp.join('db'));
  assert.ok(first.acquired);
  await using handle = await open(temp.join('db'), 'r+');
  assert.deepEqual(await tryLockHandle(handle, async () => undefined), { outcome: 'busy', holder: undefined });
  const ended = async (): Promise<undefined> => {
    await first.lock[Symbol.asyncDispose]();
    return undefined;
  };
  assert.deepEqual(await tryLockHandle(handle, ended), { outcome: 'held' });
});

test('a file that is not there cannot be locked', async () => {
  using temp = makeTempDir();
  await assert.rejects(tryLockFile(temp.join('db')), /ENOENT/);
});
