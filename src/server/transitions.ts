/** What our member is in its cluster, as the looks at it have shown. */
export type Role = 'follower' | 'leader' | 'unknown';

/** What one look at our own member saw: `nothing` when it did not answer in time, failed, or knows no leader. */
export type Seen = 'leader' | 'follower' | 'learner' | 'nothing';

/** What a change of the role asks of the supervisor. */
export type RoleCommand =
  | 'start leading'
  /** Before all else: two writers are worse than anything that comes after it. */
  | 'stop leading'
  | 'renew member lease'
  | 'pause member lease'
  /** Tries once to give the learner its vote. */
  | 'promote'
  /** Compares the peer URLs of our member with those that are configured. */
  | 'check peer urls';

/** One row of the table: what follows when `seen` is seen in the role `from`. */
export interface Transition {
  readonly from: Role;
  readonly seen: Seen;
  readonly to: Role;
  /** In this order. */
  readonly commands: readonly RoleCommand[];
}

/** The role before the first look. */
export const firstRole: Role = 'follower';

const back: readonly RoleCommand[] = ['renew member lease', 'check peer urls'];

/**
 * Every role and everything that can be seen in it. docs/architecture.md draws this table. Where etcd has not answered for a while
 * its configuration may be another one, so the peer URLs are compared again.
 */
export const transitions: readonly Transition[] = [
  { from: 'follower', seen: 'leader', to: 'leader', commands: ['start leading'] },
  { from: 'follower', seen: 'follower', to: 'follower', commands: [] },
  { from: 'follower', seen: 'learner', to: 'follower', commands: ['promote'] },
  { from: 'follower', seen: 'nothing', to: 'unknown', commands: ['pause member lease'] },
  { from: 'leader', seen: 'leader', to: 'leader', commands: [] },
  { from: 'leader', seen: 'follower', to: 'follower', commands: ['stop leading'] },
  { from: 'leader', seen: 'learner', to: 'follower', commands: ['stop leading'] },
  { from: 'leader', seen: 'nothing', to: 'unknown', commands: ['stop leading', 'pause member lease'] },
  { from: 'unknown', seen: 'leader', to: 'leader', commands: [...back, 'start leading'] },
  { from: 'unknown', seen: 'follower', to: 'follower', commands: back },
  { from: 'unknown', seen: 'learner', to: 'follower', commands: back },
  { from: 'unknown', seen: 'nothing', to: 'unknown', commands: [] },
];

/** The row for what was seen in a role. */
export function transitionOf(from: Role, seen: Seen): Transition {
  const row = transitions.find((each) => each.from === from && each.seen === seen);
  if (row === undefined) {
    throw new TypeError(`no transition from ${from} at ${seen}`);
  }
  return row;
}
