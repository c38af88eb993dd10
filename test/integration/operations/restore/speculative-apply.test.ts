import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { newestMeta } from '../../../../src/datadir/bbolt/meta-pages.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { storedKeys } from '../../../support/datadir/stored-keys.ts';
import { deltaObject, fullObject } from '../../../support/fixtures/backup-objects.ts';
import { seededBytes } from '../../../support/fixtures/byte-streams.ts';
import { put } from '../../../support/fixtures/delta-events.ts';
import { largeChain } from '../../../support/fixtures/large-chain.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { type MemoryObject, memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const inDatabase = ['member', 'snap', 'db'] as const;

/** A full of several megabytes, larger than what has to be read before it is known where its pages end, and deltas. */
async function chainOnLargeBase(dir: TempDir): Promise<{ readonly base: Buffer; readonly objects: MemoryObject[] }> {
  const { objects } = largeChain();
  const { revision: last } = await restore(
    restoreRequest(dir, { store: memorySnapStore(objects), dataDir: dir.join('base') }),
    recordedContext(),
  );
  const base = readFileSync(dir.join('base', ...inDatabase));
  const events = Array.from({ length: 6_000 }, (_, at) =>
    put(`/later/${at}`, last + 1 + at, { value: seededBytes(500, at) }),
  );
  const deltas = [0, 1_500, 3_000, 4_500].map((from) => deltaObject(events.slice(from, from + 1_500)));
  return { base, objects: [fullObject(base, { lastRevision: last }), ...deltas] };
}

/** The store, whose full comes through `body` at each try. */
function withFull(store: SnapStore, body: (whole: Buffer, attempt: number) => AsyncIterable<Uint8Array>): SnapStore {
  let attempts = 0;
  return {
    ...store,
    fetch: async (snapshot, options) => {
      const stored = await store.fetch(snapshot, options);
      return snapshot.kind === 'Full'
        ? Readable.from(body(Buffer.concat(await stored.toArray()), ++attempts), { objectMode: false })
        : stored;
    },
  };
}

const half = (whole: Buffer): number => whole.length >> 1;

describe('deltas applied while their base is on its way', () => {
  it('follow it, also when its fetch breaks off and begins again', async () => {
    using dir = makeTempDir();
    const { objects } = await chainOnLargeBase(dir);
    const plain = memorySnapStore(objects);
    await restore(restoreRequest(dir, { store: plain, dataDir: dir.join('expected') }), recordedContext());
    const context = recordedContext();
    const applied = (): number => context.lines.filter(({ text }) => text.startsWith('Applying delta')).length;
    const store = withFull(plain, async function* (whole, attempt) {
      yield whole.subarray(0, half(whole));
      if (attempt === 1) {
        await eventually(() => (applied() >= 3 ? true : undefined));
        throw new StoreError('transient', { action: 'fetch', object: 'the full', found: 'the connection was lost' });
      }
      yield whole.subarray(half(whole));
    });
    await restore(restoreRequest(dir, { store }), context);
    assert.equal(context.sleeps.length, 1);
    const found = await storedKeys(dir.join('data', ...inDatabase));
    assert.equal(JSON.stringify(found), JSON.stringify(await storedKeys(dir.join('expected', ...inDatabase))));
  });

  it('are dropped when the base turns out to be damaged', async () => {
    using dir = makeTempDir();
    const { objects } = await chainOnLargeBase(dir);
    const store = withFull(memorySnapStore(objects), async function* (whole) {
      whole[half(whole)] = (whole[half(whole)] ?? 0) ^ 1;
      yield* [whole.subarray(0, half(whole)), whole.subarray(half(whole))];
    });
    const before = readdirSync(dir.path);
    await assert.rejects(restore(restoreRequest(dir, { store }), recordedContext()), { code: 'snapshot_corrupt' });
    assert.deepEqual(readdirSync(dir.path), before);
  });

  it('do not hide that the base ends before its pages do', async () => {
    using dir = makeTempDir();
    const { base, objects } = await chainOnLargeBase(dir);
    const { highWater, pageSize } = newestMeta(base) ?? assert.fail('no meta');
    const [{ key }, ...deltas] = objects as [MemoryObject, ...MemoryObject[]];
    const short = { key, bytes: fullObject(base.subarray(0, (highWater - 1) * pageSize), { lastRevision: 1 }).bytes };
    const store = memorySnapStore([short, ...deltas]);
    await assert.rejects(restore(restoreRequest(dir, { store }), recordedContext()), {
      code: 'snapshot_corrupt',
      message: /whose pages end at/,
    });
  });

  it('are refused when another base comes at the second try', async () => {
    using dir = makeTempDir();
    const { base, objects } = await chainOnLargeBase(dir);
    const { transaction } = newestMeta(base) ?? assert.fail('no meta');
    const store = withFull(memorySnapStore(objects), async function* (whole, attempt) {
      if (attempt === 1) {
        yield whole.subarray(0, half(whole));
        throw new StoreError('transient', { action: 'fetch', object: 'the full', found: 'the connection was lost' });
      }
      // Without its newer meta a database is an older one.
      yield whole.fill(0, (transaction % 2) * 4096, (transaction % 2) * 4096 + 4096);
    });
    await assert.rejects(restore(restoreRequest(dir, { store }), recordedContext()), {
      code: 'snapshot_corrupt',
      message: /another one/,
    });
  });
});
