import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogOf } from '../../../src/snapshot/catalog.ts';
import { restorableWindow } from '../../../src/snapshot/restorable-window.ts';
import { snapshotNamed } from '../../support/fixtures/snapshots.ts';

const cases: readonly (readonly [string, readonly string[], readonly [number, number] | undefined])[] = [
  ['one full is a moment', ['Full-0-5-10'], [10, 10]],
  ['deltas reach on', ['Full-0-5-10', 'Incr-6-8-20', 'Incr-9-9-30'], [10, 30]],
  [
    'deltas that reach the next full join the chains',
    ['Full-0-5-10', 'Incr-6-8-20', 'Full-0-8-30', 'Incr-9-9-40'],
    [10, 40],
  ],
  ['without them the window begins with the newer full', ['Full-0-5-10', 'Full-0-8-30', 'Incr-9-9-40'], [30, 40]],
  ['a hole in an older chain ends it', ['Full-0-2-5', 'Incr-4-5-8', 'Full-0-5-10', 'Incr-6-8-20'], [10, 20]],
  ['a full without changes since joins, too', ['Full-0-5-10', 'Full-0-5-30'], [10, 30]],
  ['a newest chain with a hole has none', ['Full-0-5-10', 'Incr-8-9-20'], undefined],
  ['an empty store has none', [], undefined],
];

for (const [title, names, expected] of cases) {
  test(title, () => {
    const window = restorableWindow(catalogOf(names.map(snapshotNamed)).chains);
    assert.deepEqual(window === undefined ? undefined : [window.from, window.to], expected);
  });
}
