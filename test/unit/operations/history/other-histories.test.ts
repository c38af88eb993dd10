import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { withState } from '../../../../src/operations/lookup/with-state.ts';
import { planRestore, refuseIncompletePlan } from '../../../../src/operations/restore/plan.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import type { RestoreTarget } from '../../../../src/operations/restore/target.ts';
import { verifyBackups } from '../../../../src/operations/verify/verify.ts';
import { revision } from '../../../../src/revision.ts';
import { type HistoryMarker, markerName } from '../../../../src/snapshot/history/history-marker.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { type RecordedContext, recordedContext } from '../../../support/context/run-context.ts';
import { goldenDatabase } from '../../../support/datadir/golden.ts';
import { fullObject } from '../../../support/fixtures/backup-objects.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { type MemoryObject, memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const BEGUN = 1_795_252_000;
const golden = goldenObjects('etcd-3.5/gzip');
const begin = fullObject(goldenDatabase('etcd-3.5/gzip'), { lastRevision: 58, createdOn: BEGUN });
const WAY = /; history 1, left 2026-11-21T09:06:40Z, reaches revision 122: restore --history 1$/;
const SHARED =
  /; history 1, left 2026-11-21T09:06:40Z, reaches revision 122: restore --history 1; its revisions up to 58 are the past of the history after it: restore --history 1 --to-revision 58$/;

/** History 1 goes on to 122 and was left; history 2 begins with `first` and shares the revisions up to 58. */
function twoHistories(first: MemoryObject = begin): SnapStore {
  const store = memorySnapStore([...golden, first]);
  const moment = { begunOn: BEGUN, shared: revision(58) };
  const marker: HistoryMarker = {
    ...moment,
    name: markerName(moment),
    why: 'rolled_back',
    first: first.key.slice('v2/'.length),
    clusterId: '1',
    left: golden.map(({ key }) => key.slice('v2/'.length)).filter((name) => name.startsWith('Incr')),
  };
  return { ...store, list: async (options) => ({ ...(await store.list(options)), markers: [marker] }) };
}

/** The first full of the second history with a byte changed. */
function damagedBegin(): MemoryObject {
  const damaged = { ...begin, bytes: Buffer.from(begin.bytes) };
  damaged.bytes[9_000] = (damaged.bytes[9_000] ?? 0) ^ 1;
  return damaged;
}

async function restored(store: SnapStore, target: RestoreTarget): Promise<RecordedContext> {
  using dir = makeTempDir();
  const context = recordedContext();
  await restore(restoreRequest(dir, { store, target }), context);
  return context;
}

function upTo(at: number): RestoreTarget {
  return { until: { kind: 'revision', revision: revision(at) } };
}

describe('a restore from the history that was written last', () => {
  test('names the one that reaches the revision it does not', async () => {
    await assert.rejects(restored(twoHistories(), upTo(100)), { code: 'beyond_backup', message: WAY });
    const plan = await planRestore({ store: twoHistories(), target: upTo(100) }, recordedContext());
    assert.throws(() => refuseIncompletePlan(plan), { code: 'beyond_backup', message: WAY });
  });

  test('a lookup names it with its own flags', async () => {
    const read = async (store: SnapStore, target: RestoreTarget): Promise<void> => {
      using dir = makeTempDir();
      const source = { kind: 'store', store, target } as const;
      await withState({ source, tempDir: dir.path, maxFetchers: 1 }, recordedContext(), () => Promise.resolve());
    };
    await assert.rejects(read(twoHistories(), upTo(100)), {
      code: 'beyond_backup',
      message: /; history 1, left 2026-11-21T09:06:40Z, reaches revision 122: give --history 1$/,
    });
    await assert.rejects(read(twoHistories(damagedBegin()), {}), {
      code: 'snapshot_corrupt',
      message: /reaches revision 122: give --history 1; .*: give --history 1 --revision 58$/,
    });
  });

  test('names none where none reaches it', async () => {
    await assert.rejects(restored(twoHistories(), upTo(500)), (error: Error) => !/history/.test(error.message));
  });

  test('names the others when it is damaged', async () => {
    await assert.rejects(restored(twoHistories(damagedBegin()), {}), { code: 'snapshot_corrupt', message: SHARED });
  });

  test('says so when the cluster was in another one at the time that is asked for', async () => {
    const at = (seconds: number): RestoreTarget => ({ until: { kind: 'time', time: { seconds, nanos: 0 } } });
    const { lines } = await restored(twoHistories(), at(BEGUN - 60));
    const said = lines.filter(
      ({ level, text }) => level === 'warn' && /^At that time the cluster was in history 1/.test(text),
    );
    assert.equal(said.length, 1);
    const after = await restored(twoHistories(), at(BEGUN + 60));
    assert.ok(after.lines.every(({ text }) => !/^At that time/.test(text)));
  });
});

test('a verification that finds problems names the histories that may be better', async () => {
  using dir = makeTempDir();
  const damaged = { ...begin, bytes: Buffer.alloc(100_000) };
  const request = {
    store: twoHistories(damaged),
    level: 'hash',
    sample: undefined,
    tempDir: dir.path,
    maxFetchers: 2,
  } as const;
  const result = await verifyBackups(request, recordedContext());
  assert.match(`; ${result.elsewhere}`, SHARED);
});
