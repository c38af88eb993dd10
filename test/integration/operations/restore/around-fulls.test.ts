import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { revision } from '../../../../src/revision.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import type { ExpectedKey } from '../../../support/datadir/golden.ts';
import { storedKeys } from '../../../support/datadir/stored-keys.ts';
import { deltaObject, fullObject } from '../../../support/fixtures/backup-objects.ts';
import { goldenEvents } from '../../../support/fixtures/golden-events.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { type MemoryObject, memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const BEGIN = 1_795_251_500;
const golden = memorySnapStore(goldenObjects('etcd-3.5/gzip'));
const events = await goldenEvents();

/** Revision 59 was made at second 1.5, each later one a second after the one before. */
const madeAt = (of: number): number => of - 58 + 0.5;

interface State {
  readonly database: Uint8Array;
  readonly keys: readonly ExpectedKey[];
}

/** The golden cluster as it was at a revision. */
async function stateAt(wanted: number): Promise<State> {
  using dir = makeTempDir();
  const target = { until: { kind: 'revision', revision: revision(wanted) } } as const;
  await restore(restoreRequest(dir, { store: golden, target }), recordedContext());
  const db = dir.join('data/member/snap/db');
  return { database: await readFile(db), keys: await storedKeys(db) };
}

describe('points in time around fulls', () => {
  const states = new Map<number, State>();
  before(async () => {
    for (let wanted = 58; wanted <= 90; wanted++) {
      states.set(wanted, await stateAt(wanted));
    }
  });

  const full = (name: number, second: number, holds = name): MemoryObject =>
    fullObject(states.get(holds)?.database ?? new Uint8Array(), { lastRevision: name, createdOn: BEGIN + second });
  const delta = (from: number, to: number, second: number): MemoryObject =>
    deltaObject(
      events.filter(({ modRevision }) => modRevision >= from && modRevision <= to),
      { createdOn: BEGIN + second },
      ({ modRevision }) => ({ seconds: BEGIN + Math.floor(madeAt(modRevision)), nanos: 500_000_000 }),
    );

  async function at(objects: readonly MemoryObject[], second: number) {
    using dir = makeTempDir();
    const context = recordedContext();
    const time = { seconds: BEGIN + Math.floor(second), nanos: Math.round((second % 1) * 10) * 100_000_000 };
    const target = { until: { kind: 'time', time } } as const;
    const result = await restore(restoreRequest(dir, { store: memorySnapStore(objects), target }), context);
    assert.deepEqual(await storedKeys(dir.join('data/member/snap/db')), states.get(result.revision)?.keys);
    return { ...result, warnings: context.lines.filter(({ level }) => level === 'warn').map(({ text }) => text) };
  }

  it('every second is reached across a full that was named later than its last change', async () => {
    // Revisions 69 and 70 are in no delta: they came while the second full was begun.
    const objects = () => [full(58, 0), delta(59, 68, 11), full(70, 15), delta(71, 80, 23)];
    for (let second = 1; second <= 24; second++) {
      const { revision: reached, snapshots, warnings } = await at(objects(), second);
      const made = [...states.keys()].filter((of) => madeAt(of) <= second && of <= 80);
      const expected = Math.max(58, ...made.filter((of) => of !== 69 && of !== 70));
      assert.equal(reached, expected, `second ${second}`);
      if (reached > 70) {
        assert.match(snapshots[0] ?? '', /-00000070-/);
        assert.deepEqual(warnings, []);
      } else if (second > madeAt(69)) {
        assert.match(
          warnings[0] ?? '',
          /When revisions 69 to 70 came is not recorded.*; --to-revision gives any of them that a later full still holds$/,
        );
      }
    }
  });

  it('a time in the second of a full is before the changes that came later in it, or while it was begun', async () => {
    // The last delta of a chain is named a second before the full that is begun then, whenever its last change came.
    const objects = () => [full(58, 0), delta(59, 72, 11), full(72, 12), delta(73, 80, 23)];
    for (let second = 9; second <= 16; second += 0.3) {
      const { revision: reached, warnings } = await at(objects(), second);
      assert.equal(reached, Math.floor(second - 0.5 + 1e-9) + 58, `second ${second}`);
      assert.deepEqual(warnings, []);
    }
  });

  it('a later full is cut back where one is missing', async () => {
    const objects = () => [full(58, 0), delta(59, 68, 11), delta(71, 80, 23), full(85, 30)];
    for (const second of [14, 17, 22]) {
      const { revision: reached, snapshots } = await at(objects(), second);
      assert.equal(reached, Math.floor(second - 0.5) + 58);
      assert.deepEqual(
        snapshots.map((name) => name.slice(0, 22)),
        ['Full-00000000-00000085'],
      );
    }
  });

  it('times before the first full are reached while its history and deltas have them', async () => {
    const objects = () => [delta(71, 80, 23), full(85, 30)];
    for (const second of [14, 20, 25]) {
      assert.equal((await at(objects(), second)).revision, Math.min(80, Math.floor(second - 0.5) + 58));
    }
    await assert.rejects(at(objects(), 9), { code: 'no_backup', message: /no full snapshot was taken before/ });
    await assert.rejects(at([full(85, 30)], 25), { code: 'no_backup', message: /no full snapshot was taken before/ });
  });

  it('fulls whose database is newer than their name, as the Go program writes them, are cut back', async () => {
    const objects = () => [full(58, 0, 65), delta(59, 68, 11), full(69, 12, 75), delta(70, 90, 33)];
    for (let second = 1; second <= 31; second++) {
      const { revision: reached, warnings } = await at(objects(), second);
      const made = [...states.keys()].filter((of) => madeAt(of) <= second);
      const recorded = made.filter((of) => of !== 69 || second >= 12);
      assert.equal(reached, Math.max(58, ...recorded), `second ${second}`);
      assert.deepEqual(
        warnings.filter((text) => !/is not recorded/.test(text)),
        [],
      );
    }
  });
});
