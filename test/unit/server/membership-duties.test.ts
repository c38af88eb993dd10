import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Membership } from '../../../src/server/member/membership.ts';
import { MembershipDuties } from '../../../src/server/membership-duties.ts';
import { FakeClock } from '../../support/clock/fake-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';
import { recordedContext } from '../../support/context/run-context.ts';

it('a comparison of peer URLs that has failed is tried again every minute, and said once', async () => {
  const controller = new AbortController();
  const clock = new FakeClock();
  const log = new RecordedLog();
  let asked = 0;
  const membership: Membership = {
    place: () => Promise.reject(new Error('not asked for')),
    join: undefined,
    leave: undefined,
    promote: () => Promise.reject(new Error('not asked for')),
    updatePeerUrls: () => {
      asked += 1;
      return asked < 3 ? Promise.reject(new Error('the login was refused')) : Promise.resolve('unchanged');
    },
  };
  const duties = new MembershipDuties(
    { membership, metrics: { memberPromoted: () => undefined } },
    { ...recordedContext(controller.signal), clock, log },
  );
  duties.checkPeerUrls();
  for (let waits = 0; waits < 2; waits++) {
    await clock.untilSleeping(60_000);
    await clock.advance(60_000);
  }
  await duties.ended();
  assert.equal(asked, 3);
  assert.equal(log.count(/^Failed to check the peer URLs of our member/), 2);
  assert.equal(log.lines.filter(({ level }) => level === 'warn').length, 1);
});

it('a learner that lags is said once, and again every ten minutes as something to look at', async () => {
  const clock = new FakeClock();
  const log = new RecordedLog();
  const outcomes = [...Array.from({ length: 5 }, () => 'not ready' as const), 'promoted' as const];
  const membership: Membership = {
    place: () => Promise.reject(new Error('not asked for')),
    join: undefined,
    leave: undefined,
    promote: async () => outcomes.shift() ?? 'votes already',
    updatePeerUrls: () => Promise.resolve('unchanged'),
  };
  const parts = { membership, metrics: { memberPromoted: () => undefined } };
  const duties = new MembershipDuties(parts, { ...recordedContext(), clock, log });
  for (const ms of [0, 5_000, 595_000, 5_000, 600_000, 5_000]) {
    await clock.advance(ms);
    duties.promote();
    await duties.ended();
  }
  assert.deepEqual(
    log.lines.map(({ level, text }) => `${level} ${/for \d+ \w+|later|now/.exec(text)?.[0]}`),
    ['info later', 'warn for 10 minutes', 'warn for 20 minutes', 'info now'],
  );
});
