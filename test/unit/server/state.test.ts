import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import {
  firstState,
  isHealthy,
  type Observation,
  phaseOf,
  type SidecarState,
  snapshotsAt,
  step,
} from '../../../src/server/state.ts';
import type { Role, RoleCommand, Seen } from '../../../src/server/transitions.ts';

const sees = (seen: Seen): Observation => ({ type: 'look', seen });
const answers: Observation = { type: 'etcd answered' };
const probe = (lead: number, outcome: 'answered' | 'failed'): Observation => ({ type: 'probe', lead, outcome });
const snapshotter = (lead: number, is: 'active' | 'inactive'): Observation => ({ type: 'snapshotter', lead, is });
const initialization = (is: 'begun' | 'ended'): Observation => ({ type: 'initialization', is });

interface Life {
  readonly state: SidecarState;
  readonly commands: readonly RoleCommand[];
}

/** The state after all observations, and the commands of the last one. */
function live(
  observations: readonly Observation[],
  { store = 'configured', members = 1 }: { readonly store?: SidecarState['store']; readonly members?: number } = {},
): Life {
  let life: Life = { state: firstState({ store }), commands: [] };
  for (const observation of observations) {
    life = step(life.state, observation, { members });
  }
  return life;
}

/** Looks that lead to each role. */
const to: Readonly<Record<Role, readonly Observation[]>> = {
  follower: [answers, sees('follower')],
  leader: [answers, sees('leader')],
  unknown: [answers, sees('nothing')],
};

describe('every row of the table of roles', () => {
  const rows: readonly [Role, Seen, Role, readonly RoleCommand[]][] = [
    ['follower', 'nothing', 'unknown', ['pause member lease']],
    ['leader', 'nothing', 'unknown', ['stop leading', 'pause member lease']],
    ['unknown', 'nothing', 'unknown', []],
    ['follower', 'leader', 'leader', ['start leading']],
    ['unknown', 'leader', 'leader', ['renew member lease', 'check peer urls', 'start leading']],
    ['leader', 'leader', 'leader', []],
    ['leader', 'follower', 'follower', ['stop leading']],
    ['leader', 'learner', 'follower', ['stop leading']],
    ['unknown', 'follower', 'follower', ['renew member lease', 'check peer urls']],
    ['unknown', 'learner', 'follower', ['renew member lease', 'check peer urls']],
    ['follower', 'follower', 'follower', []],
    ['follower', 'learner', 'follower', ['promote']],
  ];
  for (const [from, seen, role, commands] of rows) {
    it(`${from} that sees ${seen}: ${role}`, () => {
      const life = live([...to[from], sees(seen)], { members: 3 });
      assert.equal(life.state.role, role);
      assert.deepEqual(life.commands, commands);
    });
  }

  it('a learner is promoted again and again, where there are several members, and not where there is one', () => {
    const learner = [answers, sees('learner')];
    assert.deepEqual(live(learner, { members: 3 }).commands, ['promote']);
    assert.deepEqual(live([...learner, sees('learner')], { members: 3 }).commands, ['promote']);
    assert.deepEqual(live(learner, { members: 1 }).commands, []);
    assert.equal(live(learner).state.isLearner, true);
    assert.equal(live([...learner, sees('follower')]).state.isLearner, false);
  });

  it('the first answer of etcd has the peer URLs compared and the member lease renewed', () => {
    assert.deepEqual(live([answers]).commands, ['check peer urls', 'renew member lease']);
  });
});

describe('every phase', () => {
  const leads = to.leader;
  const probed = [...leads, probe(1, 'answered')];
  const phases: readonly [string, readonly Observation[], boolean, string][] = [
    ['before etcd is up', [], false, 'forwards'],
    ['etcd up, before the first look', [answers], false, 'forwards'],
    ['follower', to.follower, false, 'forwards'],
    ['learner', [answers, sees('learner')], false, 'forwards'],
    ['unknown', to.unknown, false, 'forwards'],
    ['leader, probe not yet done', leads, false, 'leads'],
    ['leader, snapshotter inactive', probed, true, 'leads'],
    ['leader, snapshotter active', [...probed, snapshotter(1, 'active')], true, 'leads'],
    ['leader, snapshotter inactive', [...probed, snapshotter(1, 'active'), snapshotter(1, 'inactive')], true, 'leads'],
    ['leader, probe not yet done', [...probed, snapshotter(1, 'inactive'), probe(1, 'failed')], false, 'leads'],
  ];
  for (const [phase, observations, healthy, snapshots] of phases) {
    it(`${phase}, after ${observations.length} observations`, () => {
      const { state } = live(observations);
      assert.equal(phaseOf(state), phase);
      assert.equal(isHealthy(state), healthy);
      assert.equal(snapshotsAt(state), snapshots);
    });
  }

  it('leader, no store', () => {
    const { state } = live(probed, { store: 'none' });
    assert.deepEqual([phaseOf(state), isHealthy(state), snapshotsAt(state)], ['leader, no store', true, 'no store']);
    assert.equal(snapshotsAt(live(to.follower, { store: 'none' }).state), 'no store');
  });
});

it('docs/server.md tells health and snapshots of every phase as they are', () => {
  const rows = readFileSync(`${projectRoot}docs/server.md`, 'utf8').matchAll(
    /^\| ([^|]+?) +\| (503|200) +\| ([^|]+?) +\|/gm,
  );
  const told = new Map(
    [...rows].flatMap(([, phases = '', health, takes]) =>
      (phases === 'follower, learner, unknown' ? phases.split(', ') : [phases]).map((phase) => [
        phase,
        `${health} ${takes}`,
      ]),
    ),
  );
  const leads: readonly Observation[] = [...to.leader, probe(1, 'answered')];
  const lives = [
    live([]),
    live([answers]),
    live(to.follower),
    live([answers, sees('learner')]),
    live(to.unknown),
    live(to.leader),
    live(leads),
    live([...leads, snapshotter(1, 'active')]),
    live(leads, { store: 'none' }),
  ];
  const real = lives.map(({ state }) => {
    const takes = {
      'no store': '405',
      forwards: 'forwarded, else 405',
      leads: state.snapshotter === 'active' ? 'taken' : '500',
    }[snapshotsAt(state)];
    return [phaseOf(state), `${isHealthy(state) ? 200 : 503} ${takes}`] as const;
  });
  assert.deepEqual(told, new Map(real));
});

describe('health', () => {
  const healthy = [...to.leader, probe(1, 'answered')];
  const isWell = (observations: readonly Observation[]): boolean => isHealthy(live(observations).state);

  it('is not given by a probe or a snapshotter of an earlier lead', () => {
    const again = [...healthy, sees('nothing'), probe(1, 'answered')];
    assert.equal(isWell(again), false);
    const second = [...again, sees('leader')];
    assert.equal(isWell([...second, probe(1, 'answered')]), false);
    assert.equal(live([...second, snapshotter(1, 'active')]).state.snapshotter, 'inactive');
    assert.equal(isWell([...second, probe(2, 'answered')]), true);
  });

  it('comes back after an initialization although etcd was down for less than one period', () => {
    const initialized = [...healthy, initialization('begun'), initialization('ended')];
    assert.equal(isWell([...healthy, initialization('begun')]), false);
    assert.equal(isWell(initialized), false);
    assert.equal(isWell([...initialized, sees('leader')]), true);
  });

  it('does not come back while the initialization runs, neither by a probe nor by a look', () => {
    const running = [...healthy, initialization('begun')];
    assert.equal(isWell([...running, probe(1, 'answered')]), false);
    assert.equal(isWell([...running, sees('leader')]), false);
    assert.equal(isWell([...running, sees('nothing'), sees('leader'), probe(2, 'answered')]), false);
    const ended = [...running, sees('nothing'), sees('leader'), probe(2, 'answered'), initialization('ended')];
    assert.equal(isWell([...ended, sees('leader')]), true);
  });

  it('ends with the lead', () => {
    for (const seen of ['follower', 'learner', 'nothing'] as const) {
      assert.equal(isWell([...healthy, sees(seen)]), false);
    }
  });
});
