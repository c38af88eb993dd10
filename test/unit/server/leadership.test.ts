import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MembershipCall } from '../../../src/etcd/members.ts';
import { Leadership, type Look } from '../../../src/server/leadership.ts';
import { FakeClock } from '../../support/clock/fake-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';
import { ScriptedMember } from '../../support/server/scripted-member.ts';

const timeoutMs = 5_000;
const periodMs = 10_000;

function rig() {
  const member = new ScriptedMember();
  const clock = new FakeClock();
  const log = new RecordedLog();
  const looks: Look['seen'][] = [];
  const controller = new AbortController();
  const onLook = ({ seen }: Look): void => void looks.push(seen);
  const leadership = new Leadership({ member, periodMs, timeoutMs, onLook }, { clock, log });
  return { member, clock, log, looks, controller, leadership, signal: controller.signal };
}

describe('a look', () => {
  for (const [is, seen] of [
    ['leader', 'leader'],
    ['follower', 'follower'],
    ['learner', 'learner'],
    ['without leader', 'nothing'],
    ['refusing', 'nothing'],
  ] as const) {
    it(`at a member that is ${is} sees ${seen}`, async () => {
      const { member, leadership, signal, looks } = rig();
      member.is = is;
      assert.equal((await leadership.look(signal)).seen, seen);
      assert.deepEqual(looks, [seen]);
    });
  }

  it('at a member that hangs ends after its time, and the next one comes after the period', async () => {
    const { member, leadership, clock, looks, controller, signal } = rig();
    member.is = 'hanging';
    const running = leadership.run(signal);
    running.catch(() => undefined);
    await clock.advance(timeoutMs - 1);
    assert.deepEqual(looks, []);
    await clock.advance(1);
    assert.deepEqual(looks, ['nothing']);
    member.is = 'leader';
    await clock.advance(periodMs);
    assert.deepEqual(looks, ['nothing', 'leader']);
    controller.abort(new Error('stopped'));
    await assert.rejects(running, /stopped/);
  });

  it('does not count when the process stood still for longer than it may take', async () => {
    const { member, log, signal } = rig();
    let now = 0;
    const clock = { now: () => now, monotonic: () => now, sleep: () => new Promise<void>(() => undefined) };
    const standing = {
      ownStatus: async (call: MembershipCall) => {
        const status = await member.ownStatus(call);
        now += 60_000;
        return status;
      },
    };
    member.is = 'leader';
    const options = { member: standing, periodMs, timeoutMs, onLook: () => undefined };
    assert.equal((await new Leadership(options, { clock, log }).look(signal)).seen, 'nothing');
  });

  it('that was overtaken by a later one is not reported', async () => {
    const { member, leadership, clock, looks, signal } = rig();
    member.is = 'hanging';
    const slow = leadership.look(signal);
    member.is = 'leader';
    await leadership.look(signal);
    await clock.advance(timeoutMs);
    assert.equal((await slow).seen, 'nothing');
    assert.deepEqual(looks, ['leader']);
  });

  it('tells how long ago we led', async () => {
    const { member, leadership, clock, signal } = rig();
    assert.equal(leadership.hasLedWithin(1_000_000), false);
    member.is = 'leader';
    await leadership.look(signal);
    await clock.advance(1_000);
    member.is = 'refusing';
    await leadership.look(signal);
    assert.deepEqual([leadership.hasLedWithin(1_000), leadership.hasLedWithin(999)], [true, false]);
  });

  it('counts the time of a suspend, in which only the wall clock goes on, and no time when that is set back', async () => {
    const { member, leadership, clock, signal } = rig();
    member.is = 'leader';
    await leadership.look(signal);
    clock.shift(3_600_000);
    assert.equal(leadership.hasLedWithin(60_000), false);
    clock.shift(-2 * 3_600_000);
    assert.equal(leadership.hasLedWithin(60_000), true);
  });
});

describe('the first answer of etcd', () => {
  it('is asked for at once and then every 4 seconds, however long an attempt takes', async () => {
    const { member, leadership, clock, log, signal } = rig();
    const answered = leadership.untilAnswered(signal);
    let done = false;
    void answered.then(() => {
      done = true;
    });
    await clock.advance(0);
    assert.equal(member.asked, 1);
    member.is = 'hanging';
    await clock.advance(4_000);
    assert.equal(member.asked, 2);
    await clock.advance(2_000);
    member.is = 'without leader';
    await clock.advance(1_999);
    assert.deepEqual([member.asked, done], [2, false]);
    await clock.advance(1);
    await answered;
    assert.equal(log.count(/^Waiting for etcd: .*refused/), 1);
  });
});
