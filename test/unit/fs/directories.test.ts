import assert from 'node:assert/strict';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { makeDirectories, removeEmptyDirectories, syncMadeDirectories } from '../../../src/fs/directories.ts';

test('missing directories are made for their owner alone, and the topmost new one is given', async () => {
  using dir = makeTempDir();
  mkdirSync(dir.join('a'));
  assert.equal(await makeDirectories(dir.join('a/b/c')), dir.join('a/b'));
  assert.equal(statSync(dir.join('a/b/c')).mode & 0o777, 0o700);
  assert.equal(await makeDirectories(dir.join('a/b/c')), undefined);
  await syncMadeDirectories(dir.join('a/b/c'), dir.join('a/b'));
});

test('many may make the same directories at once', async () => {
  using dir = makeTempDir();
  const deepest = dir.join('a/b/c/d');
  await Promise.all(Array.from({ length: 50 }, () => makeDirectories(deepest)));
  assert.ok(statSync(deepest).isDirectory());
});

test('a file in the way is an error', async () => {
  using dir = makeTempDir();
  writeFileSync(dir.join('file'), '');
  await assert.rejects(makeDirectories(dir.join('file/below')), { code: 'ENOTDIR' });
});

test('empty directories are removed up to the topmost, and no further than the first that is in use', async () => {
  using dir = makeTempDir();
  mkdirSync(dir.join('a/b/c'), { recursive: true });
  await removeEmptyDirectories(dir.join('a/b/c'), dir.join('a/b'));
  assert.ok(existsSync(dir.join('a')) && !existsSync(dir.join('a/b')));
  mkdirSync(dir.join('a/b/c'), { recursive: true });
  writeFileSync(dir.join('a/b/file'), '');
  await removeEmptyDirectories(dir.join('a/b/c'), dir.join('a'));
  assert.ok(existsSync(dir.join('a/b/file')) && !existsSync(dir.join('a/b/c')));
});
