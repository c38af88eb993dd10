import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { LeafPageChecker } from '../../../../src/datadir/bbolt/leaf-page-checker.ts';
import { type VerifyLevel, type VerifyResult, verifyBackups } from '../../../../src/operations/verify/verify.ts';
import { Interrupted } from '../../../../src/runtime/process/interrupted.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { changeDatabase, PAGE_SIZE } from '../../../support/datadir/change-database.ts';
import { GOLDEN_NAMES, goldenDatabase } from '../../../support/datadir/golden.ts';
import { wrongLeafChecker } from '../../../support/datadir/wrong-leaf-checker.ts';
import { deltaObject, fullObject } from '../../../support/fixtures/backup-objects.ts';
import { history } from '../../../support/fixtures/delta-events.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { type MemoryObject, memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const LEVELS: readonly VerifyLevel[] = ['catalog', 'hash', 'structure', 'restore'];
const golden = goldenObjects('etcd-3.5/none');
const base = goldenDatabase('etcd-3.5/gzip');

async function verified(
  objects: readonly MemoryObject[] | SnapStore,
  level: VerifyLevel,
  sample?: number,
): Promise<VerifyResult> {
  using dir = makeTempDir();
  const request = {
    store: 'list' in objects ? objects : memorySnapStore(objects),
    level,
    history: undefined,
    sample,
    tempDir: dir.join('temp'),
    maxFetchers: 3,
  };
  const result = await verifyBackups(request, recordedContext());
  assert.deepEqual(existsSync(dir.join('temp')) ? readdirSync(dir.join('temp')) : [], []);
  return result;
}

/** The object whose name holds `part` with one byte changed. */
function bent(objects: readonly MemoryObject[], part: string, at: number): readonly MemoryObject[] {
  return objects.map((object) => {
    if (!object.key.includes(part)) {
      return object;
    }
    const bytes = Uint8Array.from(object.bytes);
    const index = at < 0 ? bytes.length + at : at;
    bytes[index] = (bytes[index] ?? 0) ^ 1;
    return { ...object, bytes };
  });
}

function problems({ findings }: VerifyResult): readonly string[] {
  return findings.filter(({ weight }) => weight === 'problem').map(({ snapshot, text }) => `${snapshot}: ${text}`);
}

describe('verify', () => {
  for (const name of GOLDEN_NAMES) {
    it(`finds nothing wrong with ${name} at any level`, async () => {
      for (const level of LEVELS) {
        const result = await verified(goldenObjects(name), level);
        assert.deepEqual(result.findings, []);
        assert.equal(result.provable?.revision, 122);
        assert.equal(result.read, level === 'catalog' ? 0 : 4);
        assert.equal(result.restored?.revision, level === 'restore' ? 122 : undefined);
      }
    });
  }

  describe('of a backup that goes on meanwhile', () => {
    const [full] = golden;
    assert.ok(full !== undefined);
    const older = { ...full, key: full.key.replace(/-(\d+)$/, (_, at) => `-${Number(at) - 7_200}`) };
    const last = golden.at(-1)?.key ?? '';

    /** The object `key` is gone from the `read`th reading on; `isListed` for ever all the same. */
    async function whileGone(
      objects: readonly MemoryObject[],
      {
        key,
        read = 1,
        isListed = false,
      }: { readonly key: string; readonly read?: number; readonly isListed?: boolean },
    ): Promise<{ readonly result: VerifyResult; readonly begun: number }> {
      using dir = makeTempDir();
      const store = memorySnapStore(objects);
      let reads = 0;
      let begun = 0;
      const isGone = (): boolean => reads >= read;
      const watched: typeof store = {
        ...store,
        list: async (options) => {
          const listing = await store.list(options);
          const snapshots = listing.snapshots.filter((each) => isListed || each.key !== key || !isGone());
          return { ...listing, snapshots };
        },
        fetch: async (snapshot, options) => {
          reads += snapshot.key === key ? 1 : 0;
          if (snapshot.key === key && isGone()) {
            throw new StoreError('not_found', { action: 'read', object: key, found: 'it is not there' });
          }
          return await store.fetch(snapshot, options);
        },
      };
      const log = new RecordedLog();
      const context = { ...recordedContext(), log };
      const request = {
        store: watched,
        level: 'restore',
        sample: undefined,
        tempDir: dir.path,
        maxFetchers: 2,
      } as const;
      const result = await verifyBackups({ ...request, history: undefined }, context);
      begun = 1 + log.count(/verifying what is there now/);
      return { result, begun };
    }

    it('does not take for damage what retention deletes', async () => {
      const { result, begun } = await whileGone([older, ...golden], { key: older.key });
      assert.deepEqual(problems(result), []);
      assert.ok(result.findings.some(({ text }) => /^it was deleted meanwhile, as the retention/.test(text)));
      assert.deepEqual([result.provable?.revision, result.restored?.revision, begun], [122, 122, 1]);
    });

    it('begins again where the newest chain was replaced, also during the restore', async () => {
      for (const read of [1, 2]) {
        const { result, begun } = await whileGone(golden, { key: last, read });
        assert.deepEqual([problems(result), begun], [[], 2]);
        assert.ok((result.restored?.revision ?? 122) < 122);
      }
    });

    it('takes for damage what is listed and is not there', async () => {
      const { result } = await whileGone(golden, { key: last, isListed: true });
      assert.match(problems(result).join(), /: it is listed, and is not there/);
    });
  });

  it('has no result when it is interrupted, at whatever object', async () => {
    for (const level of ['hash', 'structure', 'restore'] as const) {
      for (const objects of [golden, bent(golden, 'Full', -1)]) {
        for (let interruptedAt = 1; interruptedAt <= 4; interruptedAt++) {
          using dir = makeTempDir();
          const interruption = new AbortController();
          const store = memorySnapStore(objects);
          let reads = 0;
          const fetch: typeof store.fetch = async (snapshot, options) => {
            reads += 1;
            if (reads === interruptedAt) {
              interruption.abort(new Interrupted('SIGTERM'));
            }
            options.signal.throwIfAborted();
            return await store.fetch(snapshot, options);
          };
          const request = { store: { ...store, fetch }, level, sample: undefined, tempDir: dir.path, maxFetchers: 2 };
          const verification = verifyBackups(request, recordedContext(interruption.signal));
          await assert.rejects(verification, /interrupted by SIGTERM/, `${level} ${interruptedAt}`);
          assert.deepEqual(readdirSync(dir.path), []);
        }
      }
    }
  });

  it('says that the scratch directory cannot be used, and blames no snapshot for it', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('file'), '');
    const request = {
      store: memorySnapStore(golden),
      sample: undefined,
      tempDir: dir.join('file/temp'),
      maxFetchers: 3,
    };
    for (const level of ['structure', 'restore'] as const) {
      await assert.rejects(verifyBackups({ ...request, level }, recordedContext()), {
        name: 'Failure',
        code: 'not_a_directory',
        message: `cannot expand snapshots in ${request.tempDir}: a part of the path is no directory; choose another path`,
      });
    }
  });

  it('has one HashKV for one history, however it was stored', async () => {
    const hashes = await Promise.all(
      (['etcd-3.5/gzip', 'layout-v1'] as const).map(
        async (name) => (await verified(goldenObjects(name), 'restore')).restored?.hash,
      ),
    );
    assert.equal(typeof hashes[0], 'number');
    assert.equal(hashes[0], hashes[1]);
  });

  it('finds a gap by names alone, and proves what comes before it', async () => {
    const holed = golden.filter(({ key }) => !key.includes('Incr-00000090'));
    for (const level of LEVELS) {
      const result = await verified(holed, level);
      assert.match(problems(result).join(), /^Incr-00000120-\S+: revisions 90 to 119 are missing before it$/);
      assert.equal(result.provable?.revision, 89);
      assert.equal(result.newestRevision, 89);
      assert.equal(result.restored?.revision, level === 'restore' ? 89 : undefined);
    }
  });

  it('finds a changed byte in a delta from level hash on', async () => {
    const objects = bent(golden, 'Incr-00000120', 40);
    assert.deepEqual(problems(await verified(objects, 'catalog')), []);
    for (const level of ['hash', 'structure', 'restore'] as const) {
      const result = await verified(objects, level);
      assert.match(problems(result).join(), /^Incr-00000120-\S+: it is damaged: /);
      assert.equal(result.provable?.revision, 119);
      assert.equal(result.restored?.revision, level === 'restore' ? 119 : undefined);
    }
  });

  it('says plainly when the fast check of pages finds a damaged database sound', async (t) => {
    const database = await changeDatabase(300);
    // Page 2 is the first leaf; the key of its first record is no revision any more.
    const element = 2 * PAGE_SIZE + 16;
    database.write('*', element + database.readUInt32LE(element + 4) + 8);
    const objects = [fullObject(database, { lastRevision: 101 })];
    assert.match(problems(await verified(objects, 'structure')).join(), /its database is damaged at byte \d+/);
    t.mock.method(LeafPageChecker.prototype, 'soundLeaves', wrongLeafChecker.soundLeaves);
    t.mock.method(LeafPageChecker.prototype, 'sum', wrongLeafChecker.sum);
    const [problem = 'none', ...others] = problems(await verified(objects, 'structure'));
    assert.match(
      problem,
      /the fast check finds all pages sound, the thorough one says: .*; this is a fault of etcdbrctl/,
    );
    assert.deepEqual(others, []);
  });

  it('falls back to an older full when the newest is damaged, or proves nothing', async () => {
    const newer = fullObject(base, { lastRevision: 130, createdOn: 1_795_251_999 });
    const result = await verified(bent([...golden, newer], 'Full-00000000-00000130', -1), 'hash');
    assert.equal(problems(result).length, 1);
    assert.equal(result.provable?.revision, 122);
    assert.equal(result.newestRevision, 130);
    const nothing = await verified(bent(golden, 'Full-', 5_000), 'restore');
    assert.equal(nothing.provable, undefined);
    assert.equal(nothing.restored, undefined);
  });

  it('goes by what it has read where a listing has wrong sizes, and calls nothing sound of which no state is proved', async () => {
    const sizes = (size: number): SnapStore => {
      const store = memorySnapStore(golden);
      return {
        ...store,
        list: async (options) => {
          const listing = await store.list(options);
          return { ...listing, snapshots: listing.snapshots.map((each) => ({ ...each, size })) };
        },
      };
    };
    for (const level of ['hash', 'structure', 'restore'] as const) {
      const result = await verified(sizes(0), level);
      assert.deepEqual([problems(result), result.provable?.revision], [[], 122], level);
    }
    const excluded = golden.filter(({ key }) => key.includes('Full')).map((each) => ({ ...each }));
    const store = memorySnapStore(excluded);
    const none = await verified(
      {
        ...store,
        list: async (options) => {
          const { snapshots, ...rest } = await store.list(options);
          return { ...rest, snapshots: snapshots.map((each) => ({ ...each, excluded: true })) };
        },
      },
      'hash',
    );
    assert.equal(none.provable, undefined);
    assert.ok(problems(none).length > 0);
  });

  it('finds a sound hash over a damaged database, and false names, at level structure', async () => {
    const damaged = Buffer.from(base);
    // The kind of every page but the metas.
    for (let page = 2; page * 4_096 < damaged.length; page++) {
      damaged.writeUInt16LE(0x40, page * 4_096 + 8);
    }
    const broken = [fullObject(damaged, { lastRevision: 58 })];
    assert.deepEqual(problems(await verified(broken, 'hash')), []);
    assert.match(problems(await verified(broken, 'structure')).join(), /its database is damaged at byte \d+: /);

    const short = [fullObject(base, { lastRevision: 60 })];
    assert.deepEqual(problems(await verified(short, 'hash')), []);
    assert.match(
      problems(await verified(short, 'structure')).join(),
      /its database ends at revision 58, its name says 60/,
    );

    const late = deltaObject(history(61, 70), { startRevision: 59 });
    const result = await verified([fullObject(base, { lastRevision: 58 }), late], 'structure');
    assert.match(problems(result).join(), /the change at revision 61 does not follow: revisions 59 to 60 are missing/);
    assert.equal(result.provable?.revision, 58);
  });

  it('reads the newest chain whole and of the others a sample', async () => {
    const older = [10, 20, 30].map((lastRevision) => fullObject(base, { lastRevision, createdOn: lastRevision }));
    assert.equal((await verified([...older, ...golden], 'hash', 2)).read, 6);
    assert.equal((await verified([...older, ...golden], 'hash')).read, 7);
  });

  it('says of an empty store that there is nothing', async () => {
    for (const level of LEVELS) {
      const result = await verified([], level);
      assert.deepEqual(problems(result), ['undefined: the store holds no snapshot']);
      assert.equal(result.provable, undefined);
    }
  });
});
