import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EtcdFailureCode } from '../../../../src/etcd/etcd-failure.ts';
import type { PeerAnswer } from '../../../../src/etcd/peer-members.ts';
import { revision } from '../../../../src/revision.ts';
import type { Clock } from '../../../../src/runtime/clock.ts';
import type { ClusterAccess } from '../../../../src/server/member/cluster-access.ts';
import { ClusterMembership, type StopWrapper } from '../../../../src/server/member/cluster-membership.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';
import { failure, ModelMembers } from '../../../support/etcd/model-members.ts';

const OWN = {
  name: 'm1',
  peerUrls: ['http://m1:2380'],
  otherNames: ['m0', 'm2'],
  otherPeerUrls: ['http://m0:2380', 'unix://m2:1'],
};
const { signal } = new AbortController();

interface Rig {
  readonly membership: ClusterMembership;
  readonly log: RecordedLog;
  /** What was waited, ms. Deadlines do not count: they are over when their work is. */
  readonly waits: readonly number[];
  readonly changes: readonly string[];
}

function rig(
  members: ModelMembers,
  changes: Partial<ClusterAccess> & {
    readonly stopWrapper?: StopWrapper;
    readonly position?: readonly (EtcdFailureCode | 'answers')[];
  } = {},
): Rig {
  const { stopWrapper, position = [], ...access } = changes;
  const waits: number[] = [];
  const told: string[] = [];
  const log = new RecordedLog();
  const planned = [...position];
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    // Only waits between attempts go on by themselves.
    sleep: (ms, waiting) => {
      if (ms === 3_000 || ms === 10_000) {
        return new Promise((_, reject) => waiting?.addEventListener('abort', () => reject(waiting.reason)));
      }
      waits.push(ms);
      return Promise.resolve();
    },
  };
  const membership = new ClusterMembership(
    {
      access: {
        cluster: {
          position: () => {
            const next = planned.shift() ?? 'answers';
            return next === 'answers'
              ? Promise.resolve({ clusterId: 9n, revision: revision(1), raftTerm: 1n })
              : Promise.reject(failure(next));
          },
        },
        members,
        urls: ['http://service:2379'],
        own: () => Promise.resolve(OWN),
        configured: () => Promise.resolve(OWN),
        askPeer: () => Promise.resolve({ kind: 'silent' }),
        random: () => 0,
        ...access,
      },
      stopWrapper,
      listener: { changed: ({ change, outcome }) => told.push(`${change} ${outcome}`) },
    },
    { clock, log },
  );
  return { membership, log, waits, changes: told };
}

const m1 = { id: 2n, name: 'm1', peerUrls: ['http://m1:2380'] };

describe('the place of our member', () => {
  it('is what a cluster with a quorum says', async () => {
    const answering = { clusterId: 9n, urls: ['http://service:2379'] };
    for (const [members, expected] of [
      [new ModelMembers({}, m1), { kind: 'member', memberId: 2n, memberIds: [1n, 2n], ...answering }],
      [
        new ModelMembers({}, { ...m1, name: undefined }),
        { kind: 'awaited', memberId: 2n, memberIds: [1n, 2n], ...answering },
      ],
      [new ModelMembers({}), { kind: 'unknown to it', memberIds: [1n], ...answering }],
    ] as const) {
      assert.deepEqual(await rig(members).membership.place({ signal, insists: true }), expected);
    }
  });

  it('is remembered by what it met: a cluster that answered once is not forgotten', async () => {
    const members = new ModelMembers({});
    const { membership } = rig(members, { position: ['answers', 'answers', 'answers', 'etcd_unreachable'] });
    const met: string[] = [membership.met];
    const look = async (): Promise<void> => {
      await membership.place({ signal, insists: false });
      met.push(membership.met);
    };
    await look();
    await members.addLearner(OWN.peerUrls);
    // Added by a process that ended then.
    await look();
    await look();
    assert.deepEqual(met, ['none', 'a cluster', 'awaits our member', 'awaits our member']);
  });

  it('is remembered by a process that has met its cluster, where nothing else remembers it', async () => {
    const silence = Array.from({ length: 8 }, () => 'etcd_unreachable' as const);
    const { membership } = rig(new ModelMembers({}, m1), { position: [...silence.slice(0, 4), 'answers', ...silence] });
    const places = [];
    for (const insists of [true, true, false, true]) {
      places.push(await membership.place({ signal, insists }));
    }
    assert.deepEqual(
      places.map((place) => (place.kind === 'unreachable' ? place.remembered : place.kind)),
      [undefined, 'member', undefined, 'this server has met its cluster before'],
    );
  });

  it('is looked up twice before it counts as absent', async () => {
    const members = new ModelMembers({});
    await rig(members).membership.place({ signal, insists: false });
    assert.deepEqual(members.calls, ['list', 'list']);
    const { membership } = rig(members, { position: ['answers', 'etcd_unreachable'] });
    assert.equal((await membership.place({ signal, insists: true })).kind, 'unreachable');
  });

  it('is asked for four times where it matters, once where it does not', async () => {
    const silence = Array.from({ length: 9 }, () => 'etcd_unreachable' as const);
    const patient = rig(new ModelMembers({}), { position: silence });
    const place = await patient.membership.place({ signal, insists: true });
    assert.deepEqual([place.kind, patient.waits], ['unreachable', [2_000, 4_000, 8_000]]);
    const brief = rig(new ModelMembers({}), { position: silence, random: () => 1 });
    await brief.membership.place({ signal, insists: false });
    assert.deepEqual(brief.waits, []);
    const late = rig(new ModelMembers({}, m1), { position: ['etcd_timeout', 'etcd_unreachable'], random: () => 1 });
    assert.equal((await late.membership.place({ signal, insists: true })).kind, 'member');
    assert.deepEqual(late.waits.map(Math.round), [2_200, 4_400]);
  });

  it('is not looked for in a cluster that has none of the members of the configuration', async () => {
    const foreign = new ModelMembers({ name: 'x', peerUrls: ['http://x:2380'] });
    await assert.rejects(rig(foreign).membership.place({ signal, insists: true }), {
      code: 'wrong_member',
      message: /what answers at http:\/\/service:2379 has none of the members/,
    });
    for (const known of [{ name: 'x' }, { peerUrls: ['http://x:2380'] }]) {
      assert.equal(
        (await rig(new ModelMembers(known)).membership.place({ signal, insists: true })).kind,
        'unknown to it',
      );
    }
  });

  it('is no silence when something refuses', async () => {
    for (const code of ['etcd_auth', 'etcd_tls', 'etcd_options', 'etcd_refused', 'etcd_learner_refuses'] as const) {
      const { membership, waits } = rig(new ModelMembers({}), { position: [code] });
      await assert.rejects(membership.place({ signal, insists: true }), { code });
      assert.deepEqual(waits, []);
    }
  });

  it('is remembered by a lease, or by a member without a quorum, and by nothing else', async () => {
    const silence = Array.from({ length: 4 }, () => 'etcd_unreachable' as const);
    const started = { name: 'm1', peerUrls: ['http://m1:2380'], clientUrls: ['http://m1:2379'] };
    const asked: string[] = [];
    const peer =
      (answer: PeerAnswer): ClusterAccess['askPeer'] =>
      (url) => {
        asked.push(url);
        return Promise.resolve(answer);
      };
    const leases = (answer: () => Promise<boolean>): ClusterAccess['lease'] => ({ hasHolder: answer });
    for (const [access, expected] of [
      [{}, undefined],
      [{ lease: leases(() => Promise.resolve(true)) }, /its lease m1 has a holder/],
      [{ lease: { hasHolder: (name: string) => Promise.resolve(name === 'm0') } }, /the lease of m0 has a holder/],
      [{ lease: leases(() => Promise.resolve(false)) }, undefined],
      [{ lease: leases(() => Promise.reject(new Error('forbidden'))) }, undefined],
      [{ askPeer: peer({ kind: 'members', members: [started] }) }, /the member at http:\/\/m0:2380 knows it/],
      [{ askPeer: peer({ kind: 'members', members: [{ ...started, clientUrls: [] }] }) }, undefined],
      [{ askPeer: peer({ kind: 'members', members: [{ ...started, name: 'x', peerUrls: [] }] }) }, undefined],
      [{ askPeer: peer({ kind: 'no list' }) }, undefined],
    ] as const) {
      const { membership, log } = rig(new ModelMembers({}), { position: silence, ...access });
      const place = await membership.place({ signal, insists: true });
      assert.ok(place.kind === 'unreachable');
      if (expected === undefined) {
        assert.equal(place.remembered, undefined);
      } else {
        assert.match(place.remembered ?? '', expected);
      }
      assert.equal(log.count(/The lease m1 cannot be read/), 'lease' in access && log.lines.length > 0 ? 1 : 0);
    }
    assert.deepEqual([...new Set(asked)], ['http://m0:2380']);
  });
});

describe('joining', () => {
  it('adds a learner', async () => {
    const members = new ModelMembers({});
    const { membership, changes } = rig(members);
    assert.equal(membership.met, 'none');
    await membership.join({ signal });
    assert.deepEqual(members.calls, ['addLearner http://m1:2380']);
    assert.deepEqual([membership.met, changes], ['awaits our member', ['add learner succeeded']]);
  });

  it('is done when an attempt whose answer was lost has done it', async () => {
    const members = new ModelMembers({});
    members.refuse('addLearner', 'lost answer');
    const { membership, waits } = rig(members);
    await membership.join({ signal });
    assert.deepEqual(members.calls, ['addLearner http://m1:2380', 'addLearner http://m1:2380', 'list']);
    assert.deepEqual(waits, [2_000]);
  });

  it('waits longer where another learner is in the way, and gives it six attempts', async () => {
    const members = new ModelMembers({});
    members.refuse(
      'addLearner',
      'etcd_too_many_learners',
      'etcd_unreachable',
      ...Array.from({ length: 9 }, () => 'etcd_too_many_learners' as const),
    );
    const { membership, waits, changes } = rig(members);
    await assert.rejects(membership.join({ signal }), { code: 'etcd_too_many_learners' });
    assert.deepEqual(waits, [7_000, 4_000, 13_000, 21_000, 37_000]);
    assert.deepEqual([membership.met, changes], ['none', ['add learner failed']]);
  });

  it('says which learner is in the way, and what to do where it does not come back', async () => {
    const waiting = { id: 0xabn, name: undefined, peerUrls: ['http://m2:2380'], isLearner: true };
    const members = new ModelMembers({}, waiting);
    members.refuse('addLearner', ...Array.from({ length: 6 }, () => 'etcd_too_many_learners' as const));
    await assert.rejects(rig(members).membership.join({ signal }), {
      code: 'etcd_too_many_learners',
      message:
        'cannot add the learner m1 to its cluster: http://m2:2380 (id ab, not started yet) is a learner that has no vote yet, and etcd takes one at a ' +
        'time; see the log of that member: this one joins when it votes. If it is gone for good, remove it (etcdctl member remove ab)',
    });
  });

  it('is refused where a member at our peer URLs has started', async () => {
    const { membership } = rig(new ModelMembers({}, { ...m1, name: 'another' }));
    await assert.rejects(membership.join({ signal }), { code: 'etcd_member_exists' });
    for (const code of ['etcd_auth', 'etcd_tls'] as const) {
      const members = new ModelMembers({});
      members.refuse('addLearner', code);
      const refused = rig(members);
      await assert.rejects(refused.membership.join({ signal }), { code });
      assert.deepEqual(refused.waits, []);
    }
  });
});

describe('leaving', () => {
  it('removes our member by its id, and is done when it is gone', async () => {
    const members = new ModelMembers({}, m1);
    const { membership, changes } = rig(members);
    await membership.leave({ signal });
    await membership.leave({ signal });
    assert.deepEqual(members.calls, ['list', 'remove 2', 'list']);
    members.members.push({ ...m1, clientUrls: [], isLearner: false });
    members.refuse('remove', 'etcd_member_not_found');
    await membership.leave({ signal });
    assert.deepEqual(
      changes,
      Array.from({ length: 3 }, () => 'remove succeeded'),
    );
  });

  it('is tried four times in a third of a second', async () => {
    const members = new ModelMembers({}, m1);
    members.refuse('remove', 'lost answer');
    await rig(members).membership.leave({ signal });
    const refusing = new ModelMembers({}, m1);
    refusing.refuse('remove', 'etcd_unreachable', 'etcd_unreachable', 'etcd_unreachable', 'etcd_unreachable');
    const { membership, waits } = rig(refusing);
    await assert.rejects(membership.leave({ signal }), { code: 'etcd_unreachable' });
    assert.deepEqual(waits, [10, 50, 250]);
  });
});

describe('promotion', () => {
  it('says what became of it', async () => {
    const learner = { ...m1, isLearner: true };
    for (const [member, refusal, expected] of [
      [learner, undefined, 'promoted'],
      [learner, 'etcd_learner_not_ready', 'not ready'],
      [learner, 'etcd_not_a_learner', 'votes already'],
      [m1, undefined, 'votes already'],
    ] as const) {
      const members = new ModelMembers({}, member);
      members.refuse('promote', ...(refusal === undefined ? [] : [refusal]));
      const { membership } = rig(members);
      assert.equal(await membership.promote({ signal }), expected);
      assert.equal(membership.met, expected === 'not ready' ? 'none' : 'a cluster');
    }
    await assert.rejects(rig(new ModelMembers({})).membership.promote({ signal }), { code: 'etcd_member_not_found' });
    const members = new ModelMembers({}, learner);
    members.refuse('promote', 'etcd_timeout');
    await assert.rejects(rig(members).membership.promote({ signal }), { code: 'etcd_timeout' });
  });
});

describe('peer URLs', () => {
  it('are compared as sets, of the member with our id', async () => {
    const members = new ModelMembers({}, { ...m1, peerUrls: ['http://m1:2380', 'http://m1:2380'] });
    members.own = 2n;
    assert.equal(await rig(members).membership.updatePeerUrls({ signal }), 'unchanged');
    for (const peerUrls of [['http://old:2380'], ['http://m1:2380', 'http://old:2380'], []]) {
      members.members = [{ ...m1, clientUrls: [], isLearner: false, peerUrls }];
      assert.equal(await rig(members).membership.updatePeerUrls({ signal }), 'updated, wants a restart');
      assert.deepEqual(members.members[0]?.peerUrls, OWN.peerUrls);
    }
  });

  it('are updated once, and the wrapper is asked until it has stopped', async () => {
    const members = new ModelMembers({}, { ...m1, peerUrls: ['http://old:2380'] });
    members.own = 2n;
    members.refuse('updatePeerUrls', 'etcd_timeout');
    let stops = 0;
    const { membership, waits } = rig(members, {
      stopWrapper: () => {
        stops += 1;
        return stops === 1 ? Promise.reject(new Error('refused')) : Promise.resolve();
      },
    });
    await assert.rejects(membership.updatePeerUrls({ signal }), /refused/);
    assert.equal(await membership.updatePeerUrls({ signal }), 'updated and stopped');
    assert.equal(await membership.updatePeerUrls({ signal }), 'unchanged');
    assert.deepEqual([stops, waits], [2, [10]]);
  });

  for (const stopped of ['updated and stopped', 'updated, wants a restart'] as const) {
    it(`that the cluster took while its answer was lost are ${stopped}`, async () => {
      const members = new ModelMembers({}, { ...m1, peerUrls: ['http://old:2380'] });
      members.own = 2n;
      members.refuse('updatePeerUrls', 'lost answer', ...Array.from({ length: 20 }, () => 'etcd_timeout' as const));
      const wrapper = stopped === 'updated and stopped' ? { stopWrapper: () => Promise.resolve() } : {};
      const { membership } = rig(members, wrapper);
      await assert.rejects(membership.updatePeerUrls({ signal }), { code: 'etcd_timeout' });
      members.refuse('updatePeerUrls');
      assert.deepEqual(members.members[1]?.peerUrls, OWN.peerUrls);
      assert.equal(await membership.updatePeerUrls({ signal }), stopped);
      assert.equal(await membership.updatePeerUrls({ signal }), 'unchanged');
    });
  }

  it('are left alone where no configuration says what they are', async () => {
    const members = new ModelMembers({}, { ...m1, peerUrls: ['http://old:2380'] });
    members.own = 2n;
    const { membership } = rig(members, { configured: () => Promise.resolve(undefined) });
    assert.equal(await membership.updatePeerUrls({ signal }), 'unchanged');
    assert.deepEqual(members.calls, []);
  });

  it('of another member are left alone', async () => {
    const members = new ModelMembers({}, { ...m1, peerUrls: ['http://old:2380'] });
    const { membership } = rig(members);
    await assert.rejects(membership.updatePeerUrls({ signal }), {
      code: 'wrong_member',
      message: /the member at the first endpoint is m0/,
    });
    members.own = 7n;
    await assert.rejects(membership.updatePeerUrls({ signal }), { code: 'wrong_member', message: /not in the list/ });
    assert.ok(!members.calls.some((call) => call.startsWith('updatePeerUrls')));
  });
});
