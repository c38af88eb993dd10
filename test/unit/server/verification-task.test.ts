import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { Schedule } from '../../../src/operations/snapshot/schedule.ts';
import { revision } from '../../../src/revision.ts';
import type { ChosenVerifier } from '../../../src/server/choose-verifier.ts';
import type { Proof } from '../../../src/server/proof.ts';
import { type VerificationEvent, verificationTask } from '../../../src/server/verification-task.ts';
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
    const sound: Proof = { sound: true, provable: revision(71), stateOf: 5, problems: [] };
    const turns: ChosenVerifier[] = [
      { kind: 'not known' },
      { kind: 'not ours' },
      { kind: 'done', by: 'etcd-1', at: 7, seconds: 3, proof: sound },
    ];
    const firings: (readonly [number, number])[] = [];
    const task = verificationTask(
      {
        schedule: new Schedule('0 * * * *'),
        prove: () => {
          const outcome = outcomes.shift();
          return outcome instanceof Error || outcome === undefined ? Promise.reject(outcome) : Promise.resolve(outcome);
        },
        turn: ({ due, periodMs }) => {
          firings.push([due - clock.now(), periodMs]);
          return Promise.resolve(turns.shift() ?? { kind: 'ours' });
        },
        listener: (event) => void events.push(event),
      },
      { clock, log },
    );
    const stop = new AbortController();
    const running = task.run(stop.signal).catch(() => undefined);
    for (const told of [1, 2, 2, 2, 2, 2]) {
      const before = events.length;
      for (let minute = 0; minute < 60; minute++) {
        await clock.untilSleeping(60_000);
        await clock.advance(60_000);
      }
      await eventually(() => (events.length >= before + told ? true : undefined), {
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
        'next verification',
        'left to another',
        'next verification',
        'verified',
        'next verification',
        'verified',
        'next verification',
        'verified',
        'next verification',
        'verification failed',
        'next verification',
      ],
    );
    assert.deepEqual(events[4], { type: 'verified', at: 7, seconds: 3, proof: sound });
    assert.deepEqual(new Set(firings.map(String)), new Set([String([0, 3_600_000])]));
    assert.deepEqual(log.texts, [
      'The sidecar of etcd-1 has restored the backup for a proof: revision 71 is there',
      'The backup was restored for a proof: revision 70 is there',
      'The backup is damaged, nothing of it can be restored: Full-x: it is cut',
      'Whether the backup can be restored was not found out: no space',
    ]);
  });
});
