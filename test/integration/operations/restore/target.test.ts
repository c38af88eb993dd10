import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { planRestore } from '../../../../src/operations/restore/plan.ts';
import { type RestoreResult, restore } from '../../../../src/operations/restore/restore.ts';
import type { RestoreTarget } from '../../../../src/operations/restore/target.ts';
import { revision } from '../../../../src/revision.ts';
import { parseEventTime } from '../../../../src/snapshot/delta/event-time.ts';
import { type RecordedContext, recordedContext } from '../../../support/context/run-context.ts';
import { type ExpectedKey, GOLDEN_NAMES, goldenDatabase, goldenExpected } from '../../../support/datadir/golden.ts';
import { replayedKeys } from '../../../support/datadir/replayed-keys.ts';
import { storedKeys } from '../../../support/datadir/stored-keys.ts';
import { deltaObject, fullObject } from '../../../support/fixtures/backup-objects.ts';
import { history } from '../../../support/fixtures/delta-events.ts';
import { goldenEvents } from '../../../support/fixtures/golden-events.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { largeChain } from '../../../support/fixtures/large-chain.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { type MemoryObject, memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const golden = goldenObjects('etcd-3.5/gzip');
const base = goldenDatabase('etcd-3.5/gzip');
const events = await goldenEvents();

interface Restored {
  readonly result: RestoreResult;
  readonly keys: readonly ExpectedKey[];
  readonly context: RecordedContext;
}

async function restored(objects: readonly MemoryObject[], target: RestoreTarget): Promise<Restored> {
  using dir = makeTempDir();
  const context = recordedContext();
  const result = await restore(restoreRequest(dir, { store: memorySnapStore(objects), target }), context);
  return { result, keys: await storedKeys(dir.join('data', 'member', 'snap', 'db')), context };
}

async function refused(objects: readonly MemoryObject[], target: RestoreTarget, code: string, message: RegExp) {
  using dir = makeTempDir();
  const request = restoreRequest(dir, { store: memorySnapStore(objects), target });
  await assert.rejects(restore(request, recordedContext()), { name: 'Failure', code, message });
  assert.deepEqual(readdirSync(dir.path), []);
}

function upTo(value: number): RestoreTarget {
  return { until: { kind: 'revision', revision: revision(value) } };
}

function at(text: string): RestoreTarget {
  return { until: { kind: 'time', time: parseEventTime(text) ?? assert.fail(text) } };
}

const NAMES = golden.map(({ key }) => key.slice('v2/'.length));
const [FULL = '', FIRST = '', SECOND = '', THIRD = ''] = NAMES;

describe('a restore to a revision', () => {
  it('brings back the state of each revision a golden backup has', async () => {
    const { keys: begin } = await restored(golden, upTo(58));
    for (const wanted of [58, 59, 71, 88, 89, 90, 104, 119, 120, 121]) {
      const { result, keys } = await restored(golden, upTo(wanted));
      assert.equal(result.revision, wanted);
      const changes = events.filter(({ modRevision }) => modRevision <= wanted);
      assert.equal(result.eventsApplied, changes.length);
      assert.deepEqual(keys, replayedKeys(begin, changes), `revision ${wanted}`);
    }
  });

  for (const name of GOLDEN_NAMES) {
    it(`takes only the deltas it needs of ${name}`, async () => {
      const { result } = await restored(goldenObjects(name), upTo(90));
      assert.equal(result.revision, 90);
      assert.equal(result.snapshots.length, 3);
    });
  }

  it('at the newest revision is the newest state', async () => {
    const { result, keys } = await restored(golden, upTo(122));
    assert.equal(result.revision, 122);
    assert.deepEqual(keys, goldenExpected('etcd-3.5/gzip').keys);
  });

  it('cuts a delta that threads read', async () => {
    const chain = largeChain();
    const wanted = chain.baseRevision + chain.perDelta * 2 + 700;
    const { result } = await restored(chain.objects, upTo(wanted));
    assert.equal(result.revision, wanted);
    assert.equal(result.eventsApplied, wanted - chain.baseRevision);
    assert.equal(result.snapshots.length, 4);
  });

  it('begins with the newest full that does not reach beyond it', async () => {
    const later = fullObject(base, { lastRevision: 110, createdOn: 1_795_251_537 });
    const { result } = await restored([...golden, later], upTo(100));
    assert.deepEqual(result.snapshots, [FULL, FIRST, SECOND]);
  });

  it('cuts a full back that really reaches beyond it', async () => {
    // Its name says 50, its database holds 58.
    const boastful = fullObject(base, { lastRevision: 50, createdOn: 1_795_251_531 });
    assert.equal((await restored([boastful], upTo(55))).result.revision, 55);
    const { result, context } = await restored([boastful, ...golden], upTo(58));
    assert.equal(result.revision, 58);
    assert.equal(context.lines.filter(({ text }) => /trying an older/.test(text)).length, 0);
  });

  it('ignores a gap after it, and names one before it', async () => {
    const holed = golden.filter(({ key }) => !key.includes(SECOND));
    assert.equal((await restored(holed, upTo(80))).result.revision, 80);
    await refused(holed, upTo(121), 'backup_gap', /revisions 90 to 119 are missing .*give --to-revision 89/);
    await refused(holed, upTo(100), 'backup_gap', /revisions 90 to 119 are missing/);
  });

  it('before the first full cuts that back, and is refused after the last delta', async () => {
    for (const wanted of [9, 57]) {
      const { result } = await restored(golden, upTo(wanted));
      assert.deepEqual([result.revision, result.snapshots], [wanted, [FULL]]);
    }
    const message = /revision 123 is wanted, but nothing continues Incr-00000120-\S+, which ends at 122; give at most/;
    await refused(golden, upTo(123), 'beyond_backup', message);
    await refused([], upTo(1), 'no_backup', /it holds no snapshot/);
  });
});

describe('a restore to a time', () => {
  const begin = 1_795_251_500;
  const full = fullObject(base, { lastRevision: 58, createdOn: begin });
  const time = (seconds: number, nanos = 0): RestoreTarget => ({
    until: { kind: 'time', time: { seconds: begin + seconds, nanos } },
  });
  /** One event a second from revision 59 on, the first a second after the full; written ten at a time. */
  const deltas = [59, 69, 79].map((first) =>
    deltaObject(history(first, first + 9), { createdOn: begin + first - 58 + 10 }, ({ modRevision }) => ({
      seconds: begin + modRevision - 58,
      nanos: 500_000_000,
    })),
  );
  const objects = [full, ...deltas];

  for (const [seconds, nanos, expected] of [
    [0, 0, 58],
    [1, 499_999_999, 58],
    [1, 500_000_000, 59],
    [10, 600_000_000, 68],
    [11, 0, 68],
    [15, 700_000_000, 73],
    [30, 500_000_000, 88],
    [9_999, 0, 88],
  ] as const) {
    it(`at second ${seconds}.${String(nanos).padStart(9, '0')} ends with revision ${expected}`, async () => {
      const { result } = await restored(objects, time(seconds, nanos));
      assert.equal(result.revision, expected);
    });
  }

  it('works on what the Go program wrote', async () => {
    const { result } = await restored(golden, at('2026-11-21T08:58:55.5Z'));
    assert.ok(result.revision >= 89 && result.revision < 119, String(result.revision));
    const later = await restored(golden, at('2026-11-21T10:00:00+01:00'));
    assert.equal(later.result.revision, 122);
  });

  it('is refused before the first full', async () => {
    await refused(objects, time(-1), 'no_backup', /no full snapshot was taken before 2026-.*, the first one is Full-/);
  });

  it('takes an older full when the last one before it holds later changes', async () => {
    // Begun at second 5, but it took a while: its last change came at second 10.5.
    const slow = fullObject(base, { lastRevision: 68, createdOn: begin + 5 });
    const { result } = await restored([...objects, slow], time(7));
    assert.equal(result.revision, 64);
    assert.equal(result.snapshots[0], full.key.slice(3));
  });

  it('does not follow a history that was begun later', async () => {
    const back = fullObject(base, { lastRevision: 58, createdOn: begin + 100 });
    const other = deltaObject(history(59, 200), { createdOn: begin + 130 }, () => ({ seconds: begin + 120, nanos: 0 }));
    assert.equal((await restored([...objects, back, other], time(15))).result.revision, 72);
    assert.equal((await restored([...objects, back, other], time(110))).result.revision, 58);
    assert.equal((await restored([...objects, back, other], time(140))).result.revision, 200);
  });

  it('without deltas is the full before it, and says what is not recorded', async () => {
    const next = fullObject(base, { lastRevision: 90, createdOn: begin + 60 });
    const { result, context } = await restored([full, next], time(30));
    assert.equal(result.revision, 58);
    assert.match(
      context.lines.find(({ level }) => level === 'warn')?.text ?? '',
      /When revisions 59 to 90 came is not recorded/,
    );
  });

  it('is refused when changes before it are missing', async () => {
    const [first, , third] = deltas;
    assert.ok(first !== undefined && third !== undefined);
    await refused([full, first, third], time(25), 'backup_gap', /revisions 69 to 78 are missing, and Incr-/);
    assert.equal((await restored([full, first, third], time(12))).result.revision, 68);
  });

  it('keeps the events of a transaction together', async () => {
    let seconds = begin + 1;
    const halves = deltaObject([...history(59, 59), ...history(59, 59)], { createdOn: begin + 3 }, () => ({
      seconds: seconds++,
      nanos: 0,
    }));
    const { result } = await restored([full, halves], time(1));
    assert.equal(result.eventsApplied, 2);
  });
});

describe('a restore of a named snapshot', () => {
  const later = fullObject(base, { lastRevision: 130, createdOn: 1_795_251_700 });

  it('that is a full brings back that full alone', async () => {
    const { result } = await restored([...golden, later], { from: FULL });
    assert.equal(result.revision, 58);
    assert.deepEqual(result.snapshots, [FULL]);
  });

  it('that is a delta brings back the state at its end', async () => {
    const { result } = await restored([...golden, later], { from: SECOND });
    assert.equal(result.revision, 119);
    assert.deepEqual(result.snapshots, [FULL, FIRST, SECOND]);
  });

  it('and a revision begins with that full', async () => {
    const { result } = await restored([...golden, later], { from: FULL, ...upTo(121) });
    assert.equal(result.revision, 121);
    assert.deepEqual(result.snapshots, [FULL, FIRST, SECOND, THIRD]);
  });

  it('finds layout v1 by name or key', async () => {
    const old = goldenObjects('layout-v1');
    const key = old.find(({ key }) => key.includes('Full-'))?.key ?? '';
    assert.equal((await restored(old, { from: key })).result.revision, 58);
    assert.equal((await restored(old, { from: key.split('/').at(-1) })).result.revision, 58);
  });

  it('that is not there is refused', async () => {
    await refused(golden, { from: 'Full-1' }, 'no_such_snapshot', /cannot restore Full-1: memory does not hold it/);
  });
});

describe('a plan', () => {
  const plan = async (objects: readonly MemoryObject[], target: RestoreTarget) =>
    await planRestore({ store: memorySnapStore(objects), target }, recordedContext());

  it('is what the restore then does', async () => {
    for (const target of [{}, upTo(100), at('2026-11-21T08:58:55.5Z'), { from: FIRST }, { from: FULL }]) {
      const { base: first, deltas, lastRevision } = await plan(golden, target);
      const { result } = await restored(golden, target);
      assert.deepEqual(
        [first, ...deltas].map(({ name }) => name),
        result.snapshots,
      );
      assert.equal(lastRevision, result.revision);
    }
  });

  it('shows a hole instead of failing', async () => {
    const { missing, lastRevision, deltas } = await plan(
      golden.filter(({ key }) => !key.includes(SECOND)),
      {},
    );
    assert.deepEqual({ ...missing }, { from: 90, to: 119 });
    assert.equal(lastRevision, 89);
    assert.equal(deltas.length, 1);
  });
});
