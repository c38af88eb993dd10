import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { describe, it, test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { initialize } from '../../../../src/operations/initialize/initialize.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { revision } from '../../../../src/revision.ts';
import type { DeltaEvent } from '../../../../src/snapshot/delta-event.ts';
import { type HistoryMarker, markerName } from '../../../../src/snapshot/history/history-marker.ts';
import type { CallOptions } from '../../../../src/snapstore/bucket.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { eventDatabase } from '../../../support/datadir/event-database.ts';
import { deltaObject, fullObject } from '../../../support/fixtures/backup-objects.ts';
import { history, put } from '../../../support/fixtures/delta-events.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { type MemoryObject, memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const past = history(2, 50);
const lost = [...past, ...history(51, 70)];
const full = async (events: readonly DeltaEvent[], createdOn: number, holes = {}): Promise<MemoryObject> =>
  fullObject(await eventDatabase(events, holes), { lastRevision: events.at(-1)?.modRevision ?? 1, createdOn });
/** What the backup holds: revisions 2 to 70, as one full, or as a full and a delta. */
const asDelta = [await full(past, 1_795_251_500), deltaObject(history(51, 70), { createdOn: 1_795_251_600 })];
const asFull = [await full(lost, 1_795_251_600)];

/** What is done about a directory that holds these events, and no word of a restore. */
async function actionFor(
  events: readonly DeltaEvent[],
  backup: readonly MemoryObject[],
  holes: { readonly lost?: number } = {},
): Promise<string> {
  using dir = makeTempDir();
  const held = memorySnapStore([await full(events, 1_795_251_700, holes)]);
  await restore(restoreRequest(dir, { store: held }), recordedContext());
  rmSync(dir.join('data/member/etcdbrctl-restored.json'), { force: true });
  const context = recordedContext();
  const request = {
    ...restoreRequest(dir, { store: memorySnapStore(backup) }),
    mode: 'full',
    namespace: undefined,
  } as const;
  const { action } = await initialize(request, context);
  const said = context.lines.some(({ text }) => /was put back to an older state and has gone on since/.test(text));
  assert.equal(said, action === 'kept');
  return action;
}

for (const [how, backup] of Object.entries({ 'a full and a delta': asDelta, 'one full': asFull })) {
  describe(`a directory that ends before a backup of ${how}`, () => {
    it('is kept where it was put back by another program and has gone on since', async () => {
      assert.equal(await actionFor([...past, put('new', 51), put('other', 52)], backup), 'kept');
      assert.equal(await actionFor([...lost.slice(0, 54), put('new', 56)], backup), 'kept');
    });

    it('is restored where it has lost what came after, which looks as if it had been put back and not gone on', async () => {
      assert.equal(await actionFor(lost.slice(0, 54), backup), 'restored');
      assert.equal(await actionFor(past, backup), 'restored');
    });

    it('is restored where it differs because a revision of it is lost', async () => {
      assert.equal(await actionFor(lost.slice(0, 59), backup, { lost: 55 }), 'restored');
    });

    it('is restored where it is of another cluster, which shares nothing with the backup', async () => {
      const foreign = Array.from({ length: 50 }, (_, at) => put(`foreign${at}`, at + 2));
      assert.equal(await actionFor(foreign, backup), 'restored');
    });
  });
}

test('a directory that cannot be compared with a full, as there is no place for it, is restored with a warning', async () => {
  using dir = makeTempDir();
  const held = memorySnapStore([await full([...past, put('new', 51)], 1_795_251_700)]);
  await restore(restoreRequest(dir, { store: held }), recordedContext());
  rmSync(dir.join('data/member/etcdbrctl-restored.json'), { force: true });
  writeFileSync(dir.join('file'), '');
  const context = recordedContext();
  const { action } = await initialize(
    {
      ...restoreRequest(dir, { store: memorySnapStore(asFull) }),
      mode: 'sanity',
      namespace: undefined,
      tempDir: dir.join('file/temp'),
    },
    context,
  );
  assert.equal(action, 'restored');
  assert.match(
    context.lines.map(({ text }) => text).join('\n'),
    /The directory is not compared with the backup; revisions alone decide: cannot compare .*: a part of the path is no directory/,
  );
});

test('a directory of a history that was left is kept, and named: the volume may be the wrong one', async () => {
  const begunOn = 1_795_251_700;
  const living = deltaObject([put('new', 51), put('other', 52)], { createdOn: begunOn + 1 });
  const first = await full(past, begunOn);
  const [base, lostDelta] = asDelta;
  assert.ok(base !== undefined && lostDelta !== undefined);
  const name = (object: MemoryObject): string => object.key.slice('v2/'.length);
  const numbers = { begunOn, shared: revision(50) };
  const marker: HistoryMarker = {
    ...numbers,
    name: markerName(numbers),
    why: 'rolled_back',
    first: name(first),
    clusterId: 'ab',
    left: [name(lostDelta)],
  };
  for (const [events, says] of [
    [lost, true],
    [[...past, put('new', 51), put('other', 52), put('more', 53)], false],
  ] as const) {
    using dir = makeTempDir();
    await restore(restoreRequest(dir, { store: memorySnapStore([await full(events, begunOn)]) }), recordedContext());
    const memory = memorySnapStore([base, lostDelta, first, living]);
    const store = {
      ...memory,
      list: async (options: CallOptions) => ({ ...(await memory.list(options)), markers: [marker] }),
    };
    const context = recordedContext();
    const { action } = await initialize(
      { ...restoreRequest(dir, { store }), store, mode: 'full', namespace: undefined },
      context,
    );
    assert.equal(action, 'kept');
    assert.equal(
      context.lines.some(({ text }) => /HOLDS HISTORY 1 of the backup, which was left since/.test(text)),
      says,
    );
  }
});
