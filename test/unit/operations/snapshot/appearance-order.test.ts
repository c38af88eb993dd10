import assert from 'node:assert/strict';
import { it } from 'node:test';
import { AppearanceOrder } from '../../../../src/operations/snapshot/appearance-order.ts';
import { suspectedForks } from '../../../../src/snapshot/history/suspected-forks.ts';
import { snapshotNamed } from '../../../support/fixtures/snapshots.ts';

const stored = (name: string) => ({ ...snapshotNamed(name), key: `v2/${name}` });
const [first, delta, behind, since] = [
  stored('Full-00000000-00000100-900000.gz'),
  stored('Incr-00000101-00000110-900020.gz'),
  stored('Full-00000000-00000115-400000.gz'),
  stored('Incr-00000116-00000120-400020.gz'),
];
const all = [first, delta, behind, since];

it('a clock that was behind for days is found out by the order in which snapshots appear', () => {
  const order = new AppearanceOrder();
  order.note([first, delta]);
  order.note([first, delta, behind]);
  order.note(all);
  const refuted = order.refuted(suspectedForks(all));
  assert.equal(refuted?.full.name, first.name);
});

it('what was there before the run, or appears at once, may be so', () => {
  const order = new AppearanceOrder();
  order.note(all);
  order.note(all);
  assert.equal(order.refuted(suspectedForks(all)), undefined);
});

it('a full that appears after what it is said to follow is no clock, such as that of a compaction', () => {
  const order = new AppearanceOrder();
  order.note([behind, since]);
  order.note(all);
  assert.equal(order.refuted(suspectedForks(all)), undefined);
  // What was deleted and comes back is new.
  order.note([first]);
  order.note(all);
  assert.equal(order.refuted(suspectedForks(all))?.full.name, first.name);
});
