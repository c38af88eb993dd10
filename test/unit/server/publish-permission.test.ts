import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MembershipCall } from '../../../src/etcd/members.ts';
import { Leadership } from '../../../src/server/leadership.ts';
import { deletePermission } from '../../../src/server/publish-permission.ts';
import { FakeClock } from '../../support/clock/fake-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';
import { ScriptedMember } from '../../support/server/scripted-member.ts';

const signal = new AbortController().signal;

/** A lead that a look has seen at 0 ms. */
async function rig() {
  const member = new ScriptedMember();
  member.is = 'leader';
  const clock = new FakeClock();
  let looks = 0;
  const counting = {
    ownStatus: (call: MembershipCall) => {
      looks += 1;
      return member.ownStatus(call);
    },
  };
  const options = { member: counting, periodMs: 5_000, timeoutMs: 5_000, onLook: () => undefined };
  const leadership = new Leadership(options, { clock, log: new RecordedLog() });
  await leadership.look(signal);
  const lost = new AbortController();
  const mayDelete = deletePermission({ leadership, lost: lost.signal, freshMs: 15_000, location: 'S3 b' });
  return { member, clock, lost, mayDelete, looks: () => looks };
}

describe('the permission to delete', () => {
  it('costs nothing while our member is known to lead', async () => {
    const { mayDelete, clock, looks } = await rig();
    for (let at = 0; at < 3; at++) {
      await mayDelete({ signal });
      await clock.advance(5_000);
    }
    assert.equal(looks(), 1);
  });

  it('is asked for by a process that stood still, and not given to one whose lead was lost meanwhile', async () => {
    const { member, mayDelete, clock, looks } = await rig();
    await clock.advance(60_000);
    await mayDelete({ signal });
    assert.equal(looks(), 2);
    await clock.advance(60_000);
    for (const is of ['follower', 'learner', 'without leader', 'refusing'] as const) {
      member.is = is;
      await assert.rejects(mayDelete({ signal }), {
        code: 'lead_lost',
        message: /^cannot delete from S3 b: our etcd member/,
      });
    }
  });

  it('ends with the lead', async () => {
    const { mayDelete, lost } = await rig();
    lost.abort(new Error('it is over'));
    await assert.rejects(mayDelete({ signal }), /it is over/);
  });
});
