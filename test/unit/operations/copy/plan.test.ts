import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planCopy } from '../../../../src/operations/copy/plan.ts';
import type { StoredSnapshot } from '../../../../src/snapstore/snapstore.ts';
import { snapshotNamed } from '../../../support/fixtures/snapshots.ts';

const DAY = 86_400;
const NOW = 1_795_000_000;

/** `name@size`; the size is 100 where none is given, and a final `!` marks an excluded snapshot. */
function stored(texts: readonly string[]): readonly StoredSnapshot[] {
  return texts.map((text) => {
    const excluded = text.endsWith('!');
    const [name = '', size = '100'] = text.replace('!', '').split('@');
    return { ...snapshotNamed(name), key: name, size: Number(size), excluded };
  });
}

function planned(
  source: readonly string[],
  target: readonly string[] = [],
  limits: { readonly maxBackups?: number; readonly maxBackupAgeDays?: number } = {},
): object {
  const plan = planCopy(
    { source: stored(source), target: stored(target) },
    { maxBackups: undefined, maxBackupAgeDays: undefined, now: NOW * 1000, ...limits },
  );
  return {
    chains: plan.chains.map((chain) => chain.map(({ action, target: { name } }) => `${action} ${name}`)),
    ...(plan.orphans.length === 0 ? {} : { orphans: plan.orphans.map(({ key }) => key) }),
    ...(plan.leftOut === 0 ? {} : { leftOut: plan.leftOut }),
  };
}

const F1 = 'Full-00000000-00000010-1000';
const D1 = 'Incr-00000011-00000020-1001';
const D2 = 'Incr-00000021-00000030-1002';
const F2 = 'Full-00000000-00000030-1003';
const D3 = 'Incr-00000031-00000040-1004';

test('newest backups come first, each full before its deltas', () => {
  assert.deepEqual(planned([D3, F1, D2, F2, D1]), {
    chains: [
      [`copy ${F2}`, `copy ${D3}`],
      [`copy ${F1}`, `copy ${D1}`, `copy ${D2}`],
    ],
  });
});

test('what the target has is left alone, what has another size is replaced', () => {
  assert.deepEqual(planned([F1, D1, D2], [F1, `${D1}@99`]), {
    chains: [[`present ${F1}`, `replace ${D1}`, `copy ${D2}`]],
  });
});

test('the copy of a final full is not final, and is found again', () => {
  assert.deepEqual(planned([`${F1}.gz.final`]), { chains: [[`copy ${F1}.gz`]] });
  assert.deepEqual(planned([`${F1}.gz.final`], [`${F1}.gz`]), { chains: [[`present ${F1}.gz`]] });
  assert.deepEqual(planned([`${F1}.gz.final`], [`${F1}.gz.final`]), { chains: [[`present ${F1}.gz`]] });
});

test('backups of layout v1 become v2, once', () => {
  assert.deepEqual(planned([`v1/Backup-1000/${F1}`, F1]), { chains: [[`copy ${F1}`]] });
  assert.deepEqual(planned([`v1/Backup-1000/${F1}`, `v1/Backup-1000/${D1}`]), {
    chains: [[`copy ${F1}`, `copy ${D1}`]],
  });
});

test('a copy of a v1 backup is found in either layout, and a whole one in v2 counts more than a broken one in v1', () => {
  const source = [`v1/Backup-1000/${F1}`, `v1/Backup-1000/${D1}`];
  const present = { chains: [[`present ${F1}`, `present ${D1}`]] };
  assert.deepEqual(planned(source, source), present);
  assert.deepEqual(planned(source, [F1, D1]), present);
  assert.deepEqual(planned(source, [`v1/Backup-1000/${F1}@7`, F1, D1, `v1/Backup-1000/${D1}@7`]), present);
  assert.deepEqual(planned(source, [`v1/Backup-1000/${F1}@7`]), { chains: [[`replace ${F1}`, `copy ${D1}`]] });
});

test('a number of backups, the newest', () => {
  assert.deepEqual(planned([F1, D1, F2, D3], [], { maxBackups: 1 }), {
    chains: [[`copy ${F2}`, `copy ${D3}`]],
    leftOut: 1,
  });
  assert.deepEqual(planned([F1], [], { maxBackups: 0 }), { chains: [], leftOut: 1 });
});

test('backups whose full is not too old', () => {
  const old = `Full-0-5-${NOW - 2 * DAY - 1}`;
  const young = `Full-0-9-${NOW - 2 * DAY + 1}`;
  assert.deepEqual(planned([old, young], [], { maxBackupAgeDays: 2 }), {
    chains: [[`copy Full-00000000-00000009-${NOW - 2 * DAY + 1}`]],
    leftOut: 1,
  });
});

test('deltas without a full, chunks and excluded snapshots are left out', () => {
  assert.deepEqual(planned([D1, F2, `${F2}/0000000001`, `${F1}.gz!`]), {
    chains: [[`copy ${F2}`]],
    orphans: [D1],
  });
  assert.deepEqual(planned([F1], [`${F1}/0000000001`]), { chains: [[`copy ${F1}`]] });
});

test('the full that began the history is copied also where its name is ahead of the clock', () => {
  const begun = { ...snapshotNamed(F2), key: F2, size: 100, excluded: true, ahead: { before: 1_000 } };
  const other = { ...begun, ...snapshotNamed('Full-00000000-00000030-1005'), key: 'other' };
  const begunBy = { first: F2 };
  const { chains } = planCopy(
    { source: [...stored([F1, D1, D3]), begun, other], target: [], begunBy },
    { maxBackups: undefined, maxBackupAgeDays: undefined, now: NOW * 1000 },
  );
  assert.deepEqual(
    chains.map((chain) => chain.map(({ target: { name } }) => name)),
    [
      [F2, D3],
      [F1, D1],
    ],
  );
});
