import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { builtExecutable } from '../../../scripts/lab/executable.ts';
import { run } from '../../../scripts/lab/run.ts';
import { makeTempDir, type TempDir } from '../../../scripts/lab/temp-dir.ts';
import { restore } from '../../../src/operations/restore/restore.ts';
import { recordedContext } from '../../support/context/run-context.ts';
import { lengthenLog } from '../../support/datadir/lengthen-log.ts';
import { largeChain } from '../../support/fixtures/large-chain.ts';
import { restoreRequest } from '../../support/fixtures/restore-request.ts';

const { objects, events, baseRevision } = largeChain();

/** Writes the chain as a Local store whose deltas are gzipped; delta `flipped` has a flipped bit; gives the flags for it. */
function localStore(dir: TempDir, options: { readonly flipped?: number } = {}): readonly string[] {
  for (const [at, { key, bytes }] of objects.entries()) {
    const file = dir.join('store', `${key}${at === 0 ? '' : '.gz'}`);
    const stored = at === 0 ? Buffer.from(bytes) : gzipSync(bytes, { level: 1 });
    if (at === options.flipped) {
      stored[stored.length >> 1] = (stored[stored.length >> 1] ?? 0) ^ 16;
    }
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, stored);
  }
  return ['--storage-provider', 'Local', '--store-container', dir.join('store')];
}

it('the executable reads deltas in threads of its own', async () => {
  using dir = makeTempDir();
  const args = ['restore', ...localStore(dir), '--data-dir', dir.join('data'), '-o', 'json'];
  const { stdout } = await run(builtExecutable(), args, { cwd: dir.path, env: { HOME: dir.path } });
  const result = JSON.parse(stdout) as Record<string, unknown>;
  assert.equal(result['revision'], baseRevision + events.length);
  assert.ok(existsSync(dir.join('data/member/snap/db')));
});

it('damage that a thread of the executable finds is reported like any other', async () => {
  using dir = makeTempDir();
  const args = ['restore', ...localStore(dir, { flipped: 4 }), '--data-dir', dir.join('data')];
  const name = (objects[4]?.key ?? '').slice('v2/'.length);
  await assert.rejects(
    run(builtExecutable(), args, { cwd: dir.path, env: { HOME: dir.path } }),
    new RegExp(`${name}\\.gz: it is damaged: the (checksum of the )?compressed data (cannot be expanded|does not fit)`),
  );
  assert.deepEqual(readdirSync(dir.path), ['store']);
});

it('the executable checks copied objects in a thread, and reports damage like any other', async () => {
  using dir = makeTempDir();
  const args = ['copy', '--source-storage-provider', 'Local', '--source-store-container', dir.join('store')];
  const options = { cwd: dir.path, env: { HOME: dir.path } };
  const copy = (target: string) =>
    run(builtExecutable(), [...args, '--store-container', dir.join(target), '-o', 'json'], options);
  localStore(dir);
  const { stdout } = await copy('target');
  assert.equal((JSON.parse(stdout) as { copied: unknown[] }).copied.length, objects.length);

  localStore(dir, { flipped: 2 });
  const name = (objects[2]?.key ?? '').slice('v2/'.length);
  await assert.rejects(
    copy('other'),
    new RegExp(
      `${name}\\.gz of .* is damaged: the (checksum of the )?compressed data (cannot be expanded|does not fit)`,
    ),
  );
  assert.deepEqual(
    readdirSync(dir.join('other/v2')).length,
    2,
    'only what comes before the damaged one is in the target, and nothing half written',
  );
});

it('the executable checks a db in a thread while it reads a long log', async () => {
  using dir = makeTempDir();
  await restore(restoreRequest(dir), recordedContext());
  const text = Buffer.alloc(1024 * 1024, 'some text ');
  await lengthenLog(dir.join('data/member'), { segmentSize: 8 * 1024 * 1024, count: 40, data: () => text });
  const args = ['initialize', '--validation-mode', 'full', '--data-dir', dir.join('data')];
  const options = { cwd: dir.path, env: { HOME: dir.path } };
  const { stdout } = await run(builtExecutable(), args, options);
  assert.match(stdout, /valid at revision 122/);

  const db = dir.join('data/member/snap/db');
  const bytes = readFileSync(db);
  bytes[5 * 4096 + 8] = 0x77;
  writeFileSync(db, bytes);
  await assert.rejects(
    run(builtExecutable(), args, options),
    /db is damaged at byte 20480: a page of unknown kind 0x77/,
  );
});
