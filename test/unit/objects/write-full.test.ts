import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { Database } from '../../../src/datadir/bbolt/database.ts';
import { type FullTarget, writeFull } from '../../../src/objects/write-full.ts';
import { recordedContext } from '../../support/context/run-context.ts';
import { goldenObjects } from '../../support/fixtures/golden-store.ts';
import { memorySnapStore } from '../../support/stores/memory-snapstore.ts';

const MiB = 1024 * 1024;

const [golden] = goldenObjects('etcd-3.5/gzip').filter(({ key }) => key.includes('Full'));
assert.ok(golden !== undefined);
/** A database without its hash. */
const database = gunzipSync(golden.bytes).subarray(0, -32);

/** Writes a full of `content` and its hash; returns what happened and the file that is left. */
async function written(content: Uint8Array, change: Partial<FullTarget> = {}) {
  using dir = makeTempDir();
  const hash = createHash('sha256').update(content).digest();
  const store = memorySnapStore([{ key: golden?.key ?? '', bytes: gzipSync(Buffer.concat([content, hash])) }]);
  const [full] = (await store.list({ signal: new AbortController().signal })).snapshots;
  assert.ok(full !== undefined);
  const file = dir.join('db');
  const target = { file, skipHashCheck: false, onRead: () => undefined, ...change };
  const error: unknown = await writeFull({ store, full }, target, recordedContext()).catch((reason: unknown) => reason);
  const { size, blocks } = statSync(file);
  const opened: unknown = await Database.open(file).then(
    async (each) => await each[Symbol.asyncDispose](),
    (reason: unknown) => reason,
  );
  return { error, size, onDisk: blocks * 512, opened, bytes: readFileSync(file) };
}

describe('the database of a full', () => {
  it('is written as it is', async () => {
    const { error, bytes } = await written(database);
    assert.equal(error, undefined);
    assert.ok(bytes.equals(database));
  });

  it('is refused before it is written when its metas name more pages than the quota allows', async () => {
    const { error, size } = await written(database, { quotaBytes: database.length - 1 });
    assert.match(String(error), /more than the quota of/);
    assert.equal(size, 0);
    assert.equal((await written(database, { quotaBytes: database.length })).error, undefined);
  });

  it('has nothing after its pages but holes, whatever an object expands to', async () => {
    const { error, size, onDisk, opened, bytes } = await written(Buffer.concat([database, Buffer.alloc(8 * MiB, 'x')]));
    assert.equal(error, undefined);
    assert.equal(opened, undefined);
    assert.equal(size, database.length + 8 * MiB);
    assert.ok(onDisk < database.length + MiB, `${onDisk} bytes are on the disk`);
    assert.ok(bytes.subarray(0, database.length).equals(database));
  });

  it('is its beginning only when it is none, with the verdict of its reader', async () => {
    const { error, onDisk, opened } = await written(Buffer.alloc(8 * MiB));
    assert.equal(error, undefined);
    assert.match(String(opened), /its mark is 0x00000000/);
    assert.ok(onDisk < MiB, `${onDisk} bytes are on the disk`);
  });

  for (const torn of [0, 1]) {
    it(`is whole when meta ${torn} is torn`, async () => {
      const pageSize = new DataView(database.buffer, database.byteOffset).getUint32(24, true);
      const half = Buffer.from(database);
      half.fill(0, torn * pageSize + 16, torn * pageSize + 80);
      const { error, bytes, opened } = await written(half);
      assert.equal(error, undefined);
      assert.equal(opened, undefined);
      assert.ok(bytes.equals(half));
    });
  }
});
