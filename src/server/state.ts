import { firstRole, type Role, type RoleCommand, type Seen, transitionOf } from './transitions.ts';

/** Everything that decides what a sidecar does and answers. */
export interface SidecarState {
  /** Whether a store is configured; never changes. */
  readonly store: 'configured' | 'none';
  readonly etcd: 'not answered yet' | 'answered' | 'looked at';
  readonly role: Role;
  /** Whether the newest look saw a member without a vote. */
  readonly isLearner: boolean;
  /** How often it has begun to lead: news of an earlier lead does not count. */
  readonly lead: number;
  /** Whether etcd has answered since this lead began and since the last initialization ended. */
  readonly probe: 'awaited' | 'answered';
  /** Whether the snapshotter of this lead serves requests. */
  readonly snapshotter: 'inactive' | 'active';
  readonly initialization: 'none' | 'running';
}

/** Something that was seen or has happened. */
export type Observation =
  /** etcd has answered for the first time since the process began. */
  | { readonly type: 'etcd answered' }
  | { readonly type: 'look'; readonly seen: Seen }
  | { readonly type: 'probe'; readonly lead: number; readonly outcome: 'answered' | 'failed' }
  | { readonly type: 'snapshotter'; readonly lead: number; readonly is: 'active' | 'inactive' }
  | { readonly type: 'initialization'; readonly is: 'begun' | 'ended' };

/** The state that follows, and what is to be done, in order. */
export interface Step {
  readonly state: SidecarState;
  readonly commands: readonly RoleCommand[];
}

/** The state of a sidecar that has just been started. */
export function firstState({ store }: Pick<SidecarState, 'store'>): SidecarState {
  return {
    store,
    etcd: 'not answered yet',
    role: firstRole,
    isLearner: false,
    lead: 0,
    probe: 'awaited',
    snapshotter: 'inactive',
    initialization: 'none',
  };
}

/** What follows from an observation. `members` is how many etcd's configuration names. */
export function step(state: SidecarState, observation: Observation, { members }: { readonly members: number }): Step {
  switch (observation.type) {
    case 'etcd answered':
      return { state: { ...state, etcd: 'answered' }, commands: ['check peer urls', 'renew member lease'] };
    case 'look':
      return afterLook(state, observation.seen, members);
    case 'probe':
      return { state: afterProbe(state, observation), commands: [] };
    case 'snapshotter':
      return {
        state: isOfThisLead(state, observation) ? { ...state, snapshotter: observation.is } : state,
        commands: [],
      };
    case 'initialization':
      return { state: afterInitialization(state, observation.is), commands: [] };
    default:
      return observation satisfies never;
  }
}

function afterLook(state: SidecarState, seen: Seen, members: number): Step {
  const { to, commands } = transitionOf(state.role, seen);
  const looked: SidecarState = { ...state, etcd: 'looked at', role: to, isLearner: seen === 'learner' };
  const wanted = commands.filter((command) => command !== 'promote' || members > 1);
  if (to === 'leader' && state.role === 'leader') {
    // The look is an answer of the same member as the probe. Without this an etcd that was initialized and started again between
    // two looks would have no probe any more, and count as unwell until it loses the lead.
    return { state: state.initialization === 'none' ? { ...looked, probe: 'answered' } : looked, commands: wanted };
  }
  const unproved = { ...looked, probe: 'awaited', snapshotter: 'inactive' } as const;
  return { state: to === 'leader' ? { ...unproved, lead: state.lead + 1 } : unproved, commands: wanted };
}

function afterProbe(state: SidecarState, probe: Extract<Observation, { readonly type: 'probe' }>): SidecarState {
  if (!isOfThisLead(state, probe)) {
    return state;
  }
  // While the data directory is validated nothing runs on it that could be well, whatever a probe has met.
  const answered = probe.outcome === 'answered' && state.initialization === 'none';
  return { ...state, probe: answered ? 'answered' : 'awaited' };
}

function afterInitialization(state: SidecarState, is: 'begun' | 'ended'): SidecarState {
  return is === 'begun'
    ? { ...state, initialization: 'running', probe: 'awaited' }
    : { ...state, initialization: 'none' };
}

function isOfThisLead(state: SidecarState, { lead }: { readonly lead: number }): boolean {
  return state.role === 'leader' && state.lead === lead;
}

/** What /healthz answers: that our member leads and etcd has answered. A store that fails does not change it. */
export function isHealthy({ role, probe, initialization }: SidecarState): boolean {
  return role === 'leader' && probe === 'answered' && initialization === 'none';
}

/** Who takes snapshots. */
export function snapshotsAt({ store, role }: SidecarState): 'no store' | 'forwards' | 'leads' {
  return store === 'none' ? 'no store' : role === 'leader' ? 'leads' : 'forwards';
}

/** Where a sidecar is in its life, in the words of docs/server.md. */
export type Phase =
  | 'before etcd is up'
  | 'etcd up, before the first look'
  | 'follower'
  | 'learner'
  | 'unknown'
  | 'leader, probe not yet done'
  | 'leader, snapshotter inactive'
  | 'leader, snapshotter active'
  | 'leader, no store';

/** The phase that a state is in. */
export function phaseOf(state: SidecarState): Phase {
  const { etcd, role, isLearner, store, probe, snapshotter } = state;
  if (etcd === 'not answered yet') {
    return 'before etcd is up';
  }
  if (etcd === 'answered') {
    return 'etcd up, before the first look';
  }
  if (role !== 'leader') {
    return role === 'unknown' ? 'unknown' : isLearner ? 'learner' : 'follower';
  }
  if (probe === 'awaited') {
    return 'leader, probe not yet done';
  }
  return store === 'none' ? 'leader, no store' : `leader, snapshotter ${snapshotter}`;
}
