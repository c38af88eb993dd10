import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { changesAt } from '../../../../src/datadir/mvcc/changes-at.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { revision } from '../../../../src/revision.ts';
import type { DeltaEvent } from '../../../../src/snapshot/delta-event.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { goldenDatabase } from '../../../support/datadir/golden.ts';
import { storedKeys } from '../../../support/datadir/stored-keys.ts';
import { deltaObject, fullObject } from '../../../support/fixtures/backup-objects.ts';
import { put } from '../../../support/fixtures/delta-events.ts';
import { largeChain } from '../../../support/fixtures/large-chain.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { type MemoryObject, memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const { events, baseRevision, perDelta, objects } = largeChain();

function replaced(at: number, object: MemoryObject): readonly MemoryObject[] {
  return objects.map((original, index) => (index === at ? object : original));
}

/** What a database tells of these revisions, as a delta would have it; of what a compaction removed, anything. */
async function eventsIn(
  bytes: Uint8Array,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly DeltaEvent[]> {
  using dir = makeTempDir();
  writeFileSync(dir.join('db'), bytes);
  await using database = await Database.open(dir.join('db'));
  const found: DeltaEvent[] = [];
  for (let at = from; at <= to; at++) {
    const before = found.length;
    for await (const change of changesAt(database, at, { signal: new AbortController().signal })) {
      const key = Buffer.from(change.key);
      const { createRevision, version, lease } = change;
      found.push(
        change.tombstone
          ? { type: 'delete', key, modRevision: revision(at) }
          : {
              type: 'put',
              key,
              value: Buffer.from(change.value),
              modRevision: revision(at),
              createRevision: revision(Number(createRevision)),
              version: Number(version),
              lease: BigInt(lease),
            },
      );
    }
    if (found.length === before) {
      found.push(put('/threads/compacted', at));
    }
  }
  return found;
}

/** Threads of this process. */
function threads(): number {
  return readdirSync('/proc/self/task').length;
}

describe('a chain that threads read', () => {
  it('is restored whole and in order', async () => {
    using dir = makeTempDir();
    const result = await restore(restoreRequest(dir, { store: memorySnapStore(objects) }), recordedContext());
    assert.equal(result.eventsApplied, events.length);
    assert.equal(result.revision, baseRevision + events.length);
    const stored = await storedKeys(dir.join('data', 'member', 'snap', 'db'));
    const expected = events.map((event) => {
      assert.ok(event.type === 'put');
      return {
        key: Buffer.from(event.key).toString('base64'),
        createRevision: event.createRevision,
        modRevision: event.modRevision,
        version: 1,
        lease: String(event.lease),
        valueSha256: createHash('sha256').update(event.value).digest('hex'),
        valueSize: 500,
      };
    });
    const threads = Buffer.from('/threads/');
    const found = stored.filter(({ key }) => Buffer.from(key, 'base64').subarray(0, threads.length).equals(threads));
    assert.ok(JSON.stringify(found) === JSON.stringify(expected));
    assert.deepEqual(readdirSync(dir.path), ['data']);
  });

  it('is restored whole when the full reaches further than its name says', async () => {
    using dir = makeTempDir();
    const named = baseRevision - 8;
    const known = await eventsIn(goldenDatabase('etcd-3.5/gzip'), { from: named + 1, to: baseRevision });
    const chain = [
      fullObject(goldenDatabase('etcd-3.5/gzip'), { lastRevision: named }),
      deltaObject([...known, ...events.slice(0, perDelta)]),
      ...objects.slice(2),
    ];
    const context = recordedContext();
    const result = await restore(restoreRequest(dir, { store: memorySnapStore(chain) }), context);
    assert.equal(result.eventsApplied, events.length);
    assert.equal(result.revision, baseRevision + events.length);
    assert.deepEqual(readdirSync(dir.path), ['data']);
  });

  for (const at of [1, 3, 6]) {
    it(`is refused when delta ${at} is damaged, by name and cause`, async () => {
      using dir = makeTempDir();
      const original = objects[at] ?? assert.fail('no delta');
      const bytes = Uint8Array.from(original.bytes);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4;
      const store = memorySnapStore(replaced(at, { ...original, bytes }));
      await assert.rejects(restore(restoreRequest(dir, { store }), recordedContext()), (error: unknown) => {
        assert.ok(error instanceof Error && 'code' in error);
        assert.equal(error.code, 'snapshot_corrupt');
        assert.match(error.message, new RegExp(original.key.slice('v2/'.length)));
        assert.ok(error.cause instanceof Error);
        return true;
      });
      assert.deepEqual(readdirSync(dir.path), []);
    });
  }

  it('is refused when a revision inside is missing', async () => {
    using dir = makeTempDir();
    const start = 3 * perDelta;
    const hole = revision(baseRevision + 1 + start + 700);
    const holed = deltaObject(events.slice(start, start + perDelta).filter(({ modRevision }) => modRevision !== hole));
    const store = memorySnapStore(replaced(4, holed));
    await assert.rejects(restore(restoreRequest(dir, { store }), recordedContext()), {
      code: 'backup_gap',
      message: new RegExp(`revision ${hole} is missing`),
    });
    assert.deepEqual(readdirSync(dir.path), []);
  });

  it('ends at once when it is aborted', async () => {
    using dir = makeTempDir();
    const stop = new AbortController();
    const context = recordedContext(stop.signal);
    const reason = new Error('stopped by the user');
    const log = {
      ...context.log,
      child: () => log,
      info: (_fields: unknown, text?: string) => {
        if (text?.startsWith('Applying delta') === true) {
          stop.abort(reason);
        }
      },
    };
    const request = restoreRequest(dir, { store: memorySnapStore(objects) });
    await assert.rejects(restore(request, { ...context, log }), reason);
    assert.deepEqual(readdirSync(dir.path), []);
  });

  it('leaves no thread, whether it succeeds or fails', async () => {
    const damaged = objects[2] ?? assert.fail('no delta');
    const cut = { ...damaged, bytes: damaged.bytes.subarray(0, damaged.bytes.length - 40) };
    const run = async (chain: readonly MemoryObject[]): Promise<void> => {
      using dir = makeTempDir();
      await restore(restoreRequest(dir, { store: memorySnapStore(chain) }), recordedContext());
    };
    // The first run also starts the threads that Node keeps for itself.
    await run(objects);
    const before = threads();
    await run(objects);
    await assert.rejects(run(replaced(2, cut)), { code: 'snapshot_corrupt' });
    await eventually(() => (threads() <= before ? true : undefined), {
      describe: () => `${threads()} threads instead of ${before}`,
    });
  });
});
