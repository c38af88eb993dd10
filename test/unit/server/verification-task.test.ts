import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { Schedule } from '../../../src/operations/snapshot/schedule.ts';
import { revision } from '../../../src/revision.ts';
import { type Proof, type VerificationEvent, verificationTask } from '../../../src/server/verification-task.ts';
import { FakeClock } from '../../support/clock/fake-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';

describe('the verification of a backup', () => {
  it('comes by its schedule, and tells what it found and when it found nothing out', async () => {
    const clock = new FakeClock();
    const log = new RecordedLog();
    const events: VerificationEvent[] = [];
    const damaged: Proof = { sound: false, provable: undefined, stateOf: undefined, problems: ['Full-x: it is cut'] };
    const outcomes: (Proof | Error)[] = [
      { sound: true, provable: revision(70), stateOf: 5, problems: [] },
      damaged,
      new Error('no space'),
    ];
    const task = verificationTask(
      {
        schedule: new Schedule('0 * * * *'),
        prove: () => {
          const outcome = outcomes.shift();
          return outcome instanceof Error || outcome === undefined ? Promise.reject(outcome) : Promise.resolve(outcome);
        },
        listener: (event) => void events.push(event),
      },
      { clock, log },
    );
    const stop = new AbortController();
    const running = task.run(stop.signal).catch(() => undefined);
    for (const _ of [1, 2, 3]) {
      const before = events.length;
      for (let minute = 0; minute < 60; minute++) {
        await clock.untilSleeping(60_000);
        await clock.advance(60_000);
      }
      await eventually(() => (events.length >= before + 2 ? true : undefined), {
        intervalMs: 1,
        describe: () => JSON.stringify(events),
      });
    }
    stop.abort(new Error('over'));
    await running;
    assert.deepEqual(
      events.map(({ type }) => type),
      [
        'next verification',
        'verified',
        'next verification',
        'verified',
        'next verification',
        'verification failed',
        'next verification',
      ],
    );
    assert.deepEqual(log.texts, [
      'The backup was restored for a proof: revision 70 is there',
      'The backup is damaged, nothing of it can be restored: Full-x: it is cut',
      'Whether the backup can be restored was not found out: no space',
    ]);
  });
});
