import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SnapshotterEvent } from '../../../../src/operations/snapshot/events.ts';
import { RequiredSnapshots } from '../../../../src/operations/snapshot/required-snapshots.ts';

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
