import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenerFor, type SnapshotterEvent } from '../../../../src/operations/snapshot/events.ts';
import { RequiredSnapshots } from '../../../../src/operations/snapshot/required-snapshots.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';
import { put } from '../../../support/fixtures/delta-events.ts';
import { periodMs, watchingRig } from '../../../support/snapshotter/snapshotter-rig.ts';

test('a listener that throws is logged, and the others hear of the event', () => {
  const log = new RecordedLog();
  const heard: SnapshotterEvent[] = [];
  const listener = listenerFor(
    [
      () => {
        throw new Error('the disk of the listener is full');
      },
      (event) => heard.push(event),
    ],
    log,
  );
  listener({ type: 'spooled', events: 1, bytes: 2 });
  assert.deepEqual(heard, [{ type: 'spooled', events: 1, bytes: 2 }]);
  assert.equal(log.count(/^A listener failed at the event "spooled": Error: the disk of the listener is full$/), 1);
});

test('a run reports what it does, in order', async () => {
  const types: string[] = [];
  const failing = (): never => {
    throw new Error('nobody listens');
  };
  const quiet = new Set(['next run', 'required']);
  await using rig = await watchingRig({
    listeners: [failing, ({ type }) => !quiet.has(type) && types.push(type)],
  });
  rig.cluster.commit(put('a', 59));
  await rig.clock.advance(periodMs);
  await rig.saved(2);
  await rig.stop();
  assert.deepEqual(types, ['stored', 'snapshot taken', 'stored', 'snapshot taken', 'ended']);
});

test('which snapshots are required is reported when it changes', () => {
  const events: SnapshotterEvent[] = [];
  const required = new RequiredSnapshots((event) => events.push(event));
  required.changed();
  required.changed();
  required.covered('Incr');
  required.covered('Incr');
  required.changed();
  required.covered('Full');
  const said = events.map((event) => event.type === 'required' && `${event.kind} ${event.required}`);
  assert.deepEqual(said, ['Incr true', 'Full true', 'Incr false', 'Incr true', 'Full false', 'Incr false']);
});
