import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { builtExecutable } from '../../support/executable.ts';
import { largeChain } from '../../support/large-chain.ts';
import { run } from '../../support/run.ts';
import { makeTempDir, type TempDir } from '../../support/temp-dir.ts';

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

it('damage that a thread of the executable finds is told as any other', async () => {
  using dir = makeTempDir();
  const args = ['restore', ...localStore(dir, { flipped: 4 }), '--data-dir', dir.join('data')];
  const name = (objects[4]?.key ?? '').slice('v2/'.length);
  await assert.rejects(
    run(builtExecutable(), args, { cwd: dir.path, env: { HOME: dir.path } }),
    new RegExp(`${name}\\.gz: it is damaged: .*compressed data is damaged`),
  );
  assert.deepEqual(readdirSync(dir.path), ['store']);
});
