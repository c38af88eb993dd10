import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SnapshotterEvent } from '../../../../src/operations/snapshot/events.ts';
import { OutageAge } from '../../../../src/operations/snapshot/outage-age.ts';
import { revision } from '../../../../src/revision.ts';

const begun: SnapshotterEvent = { type: 'outage begun', location: 'S3 bucket' };
const gaveUp: SnapshotterEvent = { type: 'ended', outcome: 'failed', code: 'store_outage' };

/** The seconds after each of these events, each of which comes 10 s after the one before. */
function ages(...events: readonly SnapshotterEvent[]): readonly number[] {
  let now = 0;
  const age = new OutageAge(() => now);
  return events.map((event) => {
    now += 10_000;
    age.take(event);
    now += 1_000;
    const { seconds } = age;
    now -= 1_000;
    return seconds;
  });
}

describe('the age of an outage', () => {
  it('grows from its beginning until the store works again', () => {
    assert.deepEqual(
      ages(begun, { type: 'outage goes on', seconds: 10 }, { type: 'outage ended', seconds: 12 }),
      [1, 11, 0],
    );
  });

  it('goes on from one run that gave up to the next, which may begin a count of its own', () => {
    assert.deepEqual(ages(begun, gaveUp, begun, { type: 'outage goes on', seconds: 1 }), [1, 11, 21, 31]);
  });

  it('is over when a later run has begun, which never saw the store fail', () => {
    assert.deepEqual(ages(begun, gaveUp, { type: 'begun', covered: revision(58) }), [1, 11, 0]);
  });

  it('is nothing that is known where no snapshots are taken any more', () => {
    assert.deepEqual(ages(begun, { type: 'ended', outcome: 'stopped' }), [1, 0]);
  });

  it('is what was told, where the clock was put back', () => {
    let now = 1_000_000;
    const age = new OutageAge(() => now);
    age.take({ type: 'outage goes on', seconds: 30 });
    now = 0;
    assert.equal(age.seconds, 30);
  });
});
