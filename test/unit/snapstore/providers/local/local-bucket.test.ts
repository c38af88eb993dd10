import assert from 'node:assert/strict';
import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { test } from 'node:test';
import { makeTempDir } from '../../../../../scripts/lab/temp-dir.ts';
import { fileError } from '../../../../../src/snapstore/providers/local/file-error.ts';
import { LocalBucket } from '../../../../../src/snapstore/providers/local/local-bucket.ts';
import { StoreError } from '../../../../../src/snapstore/store-error.ts';
import { jumpingClock } from '../../../../support/clock/jumping-clock.ts';
import { collected, seededBytes } from '../../../../support/fixtures/byte-streams.ts';

const signal = new AbortController().signal;

async function put(bucket: LocalBucket, key: string, text: string): Promise<void> {
  const upload = await bucket.beginUpload(key, { signal });
  await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from(text) }, { signal });
  await upload.complete({ parts: 1, size: text.length }, { signal });
}

test('files are 0600 and directories 0700, whatever the umask', async () => {
  using directory = makeTempDir();
  const bucket = new LocalBucket({ directory: directory.join('new/backups'), clock: jumpingClock() });
  await put(bucket, 'etcd-main/v2/object', 'x');
  assert.equal(statSync(directory.join('new/backups/etcd-main/v2/object')).mode & 0o777, 0o600);
  for (const made of ['new', 'new/backups', 'new/backups/etcd-main', 'new/backups/etcd-main/v2']) {
    assert.equal(statSync(directory.join(made)).mode & 0o777, 0o700, made);
  }
});

test('the temporary file is hidden, 0600 and gone afterwards; an aborted upload leaves no directory either', async () => {
  using directory = makeTempDir();
  const bucket = new LocalBucket({ directory: directory.join('backups'), clock: jumpingClock() });
  const upload = await bucket.beginUpload('v2/object', { signal });
  const [temporary] = readdirSync(directory.join('backups/v2'));
  assert.match(temporary ?? '', /^\.etcdbrctl-[0-9a-f]{16}\.partial$/);
  assert.equal(statSync(directory.join('backups/v2', temporary ?? '')).mode & 0o777, 0o600);
  await upload.abort({ signal });
  assert.deepEqual(readdirSync(directory.path), []);
});

test('temporary files of dead writers are cleared away, those of live ones and foreign files are not', async () => {
  using directory = makeTempDir();
  const clock = jumpingClock(Date.now());
  await mkdir(directory.join('v2'));
  const dead = directory.join('v2/.etcdbrctl-0123456789abcdef.partial');
  const live = directory.join('v2/.etcdbrctl-fedcba9876543210.partial');
  const foreign = directory.join('v2/.other.partial');
  const dayAndMore = new Date(Date.now() - 25 * 60 * 60 * 1000);
  for (const path of [dead, live, foreign]) {
    writeFileSync(path, 'x');
  }
  utimesSync(dead, dayAndMore, dayAndMore);
  utimesSync(foreign, dayAndMore, dayAndMore);
  await put(new LocalBucket({ directory: directory.path, clock }), 'v2/object', 'x');
  assert.equal(existsSync(dead), false);
  assert.equal(existsSync(live), true);
  assert.equal(existsSync(foreign), true);
});

test('deleting the last object of a folder removes the folder, but never the container', async () => {
  using directory = makeTempDir();
  const bucket = new LocalBucket({ directory: directory.join('backups'), clock: jumpingClock() });
  await put(bucket, 'v1/Backup-1/a', 'x');
  await put(bucket, 'v2/b', 'x');
  await bucket.delete('v1/Backup-1/a', { signal });
  assert.deepEqual(readdirSync(directory.join('backups')), ['v2']);
  await bucket.delete('v2/b', { signal });
  assert.deepEqual(readdirSync(directory.path), ['backups']);
  await put(bucket, 'v2/b', 'again');
  assert.deepEqual(readdirSync(directory.join('backups/v2')), ['b']);
});

test('a file of the same file system becomes the object without being copied, and may then go', async () => {
  using directory = makeTempDir();
  const bucket = new LocalBucket({ directory: directory.join('backups'), clock: jumpingClock() });
  const file = directory.join('prepared');
  writeFileSync(file, 'whole', { mode: 0o644 });
  const upload = await bucket.beginUpload('v2/object', { signal });
  assert.equal(await upload.linkFile?.(file, { signal }), true);
  assert.deepEqual(await Array.fromAsync(bucket.list('v2/', { signal })), []);
  await upload.complete({ parts: 1, size: 5 }, { signal });
  const { ino, mode } = statSync(directory.join('backups/v2/object'));
  assert.equal(ino, statSync(file).ino);
  assert.equal(mode & 0o777, 0o600);
  unlinkSync(file);
  assert.equal(String(await collected(await bucket.read('v2/object', { signal }))), 'whole');
  assert.deepEqual(readdirSync(directory.join('backups/v2')), ['object']);
});

test('an upload that took a file over and is aborted, or finds another size in it, leaves the file alone', async () => {
  using directory = makeTempDir();
  const bucket = new LocalBucket({ directory: directory.join('backups'), clock: jumpingClock() });
  const file = directory.join('prepared');
  writeFileSync(file, 'whole');
  const upload = await bucket.beginUpload('v2/object', { signal });
  await upload.linkFile?.(file, { signal });
  await assert.rejects(upload.complete({ parts: 1, size: 6 }, { signal }), { kind: 'invalid' });
  await upload.abort({ signal });
  assert.deepEqual(readdirSync(directory.path), ['prepared']);
  assert.equal(readFileSync(file, 'utf8'), 'whole');
});

test('a file of another file system is not taken over: parts are written as ever', async (t) => {
  using directory = makeTempDir();
  const elsewhere = '/dev/shm';
  if (!existsSync(elsewhere) || statSync(elsewhere).dev === statSync(directory.path).dev) {
    t.skip(
      '/dev/shm is no other file system here; it runs on any Linux where /dev/shm is a tmpfs, as on a usual Debian',
    );
    return;
  }
  using other = makeTempDir({ parent: elsewhere });
  writeFileSync(other.join('prepared'), 'whole');
  const bucket = new LocalBucket({ directory: directory.path, clock: jumpingClock() });
  const upload = await bucket.beginUpload('v2/object', { signal });
  assert.equal(await upload.linkFile?.(other.join('prepared'), { signal }), false);
  await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('parts') }, { signal });
  await upload.complete({ parts: 1, size: 5 }, { signal });
  assert.equal(readFileSync(directory.join('v2/object'), 'utf8'), 'parts');
});

test('keys cannot lead out of the directory', async () => {
  using directory = makeTempDir();
  const bucket = new LocalBucket({ directory: directory.path, clock: jumpingClock() });
  for (const key of ['../x', 'a/../../x', '/etc/passwd', 'a/./b', 'nul\0byte', '.etcdbrctl-0123456789abcdef.partial']) {
    await assert.rejects(bucket.read(key, { signal }), { kind: 'invalid' }, key);
    await assert.rejects(bucket.beginUpload(key, { signal }), { kind: 'invalid' }, key);
    await assert.rejects(bucket.delete(key, { signal }), { kind: 'invalid' }, key);
  }
});

test('links to files are objects, also broken ones, those to directories are not', async () => {
  using directory = makeTempDir();
  writeFileSync(directory.join('file'), 'linked');
  await mkdir(directory.join('backups/v2'), { recursive: true });
  symlinkSync(directory.join('file'), directory.join('backups/v2/link'));
  symlinkSync(directory.join('nowhere'), directory.join('backups/v2/broken'));
  symlinkSync(directory.path, directory.join('backups/v2/loop'));
  const bucket = new LocalBucket({ directory: directory.join('backups'), clock: jumpingClock() });
  const entries = await Array.fromAsync(bucket.list('v2/', { signal }));
  assert.deepEqual(entries.map((entry) => [entry.key, entry.size]).toSorted(), [
    ['v2/broken', 0],
    ['v2/link', 6],
  ]);
});

test('a file that is cut while it is read fails instead of ending early', async () => {
  using directory = makeTempDir();
  writeFileSync(directory.join('object'), seededBytes(3_000_000, 1));
  const bucket = new LocalBucket({ directory: directory.path, clock: jumpingClock() });
  const body = await bucket.read('object', { signal });
  truncateSync(directory.join('object'), 1000);
  await assert.rejects(collected(body), { kind: 'transient' });
});

test('a directory is no object', async () => {
  using directory = makeTempDir();
  await mkdir(directory.join('v2'));
  const bucket = new LocalBucket({ directory: directory.path, clock: jumpingClock() });
  await assert.rejects(bucket.read('v2', { signal }), { kind: 'not_found' });
  writeFileSync(directory.join('file'), 'x');
  await assert.rejects(bucket.read('file/object', { signal }), { kind: 'not_found' });
  await assert.rejects(bucket.beginUpload('file/object', { signal }), StoreError);
});

test('errors of the system have a kind each', () => {
  for (const [code, kind] of [
    ['ENOENT', 'not_found'],
    ['EACCES', 'denied'],
    ['EROFS', 'denied'],
    ['ENOSPC', 'quota'],
    ['EDQUOT', 'quota'],
    ['EMFILE', 'transient'],
    ['EIO', 'invalid'],
    ['Unknown system error -122', 'quota'],
    ['Unknown system error -116', 'transient'],
    ['Unknown system error -37', 'invalid'],
  ] as const) {
    const facts = { code, syscall: 'write', errno: Number(code.split(' ').at(-1)) || 0 };
    const error = fileError('write', '/backup/x', Object.assign(new Error(`${code}: detail`), facts));
    assert.doesNotMatch(error.message, /detail|Unknown/);
    assert.equal(error.kind, kind);
    assert.match(error.message, /^cannot write \/backup\/x: /);
  }
});

test('an object that is a link to nothing is there, and empty: a store of such is not an empty one', async () => {
  using directory = makeTempDir();
  await mkdir(directory.join('v2'));
  symlinkSync(directory.join('unmounted/object'), directory.join('v2/object'));
  const bucket = new LocalBucket({ directory: directory.path, clock: jumpingClock() });
  const [entry, ...others] = await Array.fromAsync(bucket.list('v2/', { signal }));
  assert.deepEqual([entry?.key, entry?.size, others], ['v2/object', 0, []]);
  await assert.rejects(bucket.read('v2/object', { signal }), (error: unknown) => error instanceof StoreError);
});
