import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenerFor, type SnapshotterEvent } from '../../../../src/operations/snapshot/events.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';
import { put } from '../../../support/fixtures/delta-events.ts';
import { periodMs, watchingRig } from '../../../support/snapshotter/snapshotter-rig.ts';

test('a listener that throws is logged, and the others get the event', () => {
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

test('a listener whose promise rejects is logged', async () => {
  const log = new RecordedLog();
  const listener = listenerFor([() => Promise.reject(new Error('too late'))], log);
  listener({ type: 'spooled', events: 1, bytes: 2 });
  await Promise.resolve();
  assert.equal(log.count(/^A listener failed at the event "spooled": Error: too late$/), 1);
});

test('a run reports what it does, in order', async () => {
  const types: string[] = [];
  const failing = (): never => {
    throw new Error('the listener is broken');
  };
  const quiet = new Set(['next run', 'required']);
  await using rig = await watchingRig({
    listeners: [failing, ({ type }) => !quiet.has(type) && types.push(type)],
  });
  rig.cluster.commit(put('a', 59));
  await rig.clock.advance(periodMs);
  await rig.saved(2);
  await rig.stop();
  const delta = ['stored', 'snapshot taken', 'deltas up to date'];
  // The last look at the buffer, at the end, found nothing more.
  assert.deepEqual(types, ['stored', 'snapshot taken', 'begun', ...delta, 'deltas up to date', 'ended']);
});
