import type { AlarmKind } from '../raft/raft-request.ts';

/**
 * Raised alarms, and what they make etcd refuse.
 *
 * An alarm that is raised while etcd runs takes the place of everything the requests went through before, the check of
 * rights included, until one is cleared or etcd restarts; found raised at the start, it stands in front of that check.
 * Source: etcd, server/etcdserver/apply.go, Alarm and newApplierV3Capped.
 */
export class Alarms {
  readonly #raisedBy: Readonly<Record<AlarmKind, Set<bigint>>>;
  #refuses: AlarmKind | undefined;
  #checksRights = true;

  /** Alarms found in the db, by the member that raised them. */
  constructor(found: Readonly<Record<AlarmKind, Iterable<bigint>>>) {
    this.#raisedBy = { nospace: new Set(found.nospace), corrupt: new Set(found.corrupt) };
    this.#refuses =
      this.#raisedBy.corrupt.size > 0 ? 'corrupt' : this.#raisedBy.nospace.size > 0 ? 'nospace' : undefined;
  }

  /** `nospace`: nothing may be put and no lease granted. `corrupt`: nothing at all. */
  get refuses(): AlarmKind | undefined {
    return this.#refuses;
  }

  /** Whether rights of users are looked at. */
  get checksRights(): boolean {
    return this.#checksRights;
  }

  raise(alarm: AlarmKind, memberId: bigint): void {
    const members = this.#raisedBy[alarm];
    const isFirst = members.size === 0;
    members.add(memberId);
    if (isFirst) {
      this.#refuses = alarm;
      this.#checksRights = false;
    }
  }

  clear(alarm: AlarmKind, memberId: bigint): void {
    const members = this.#raisedBy[alarm];
    if (members.delete(memberId) && members.size === 0) {
      this.#refuses = undefined;
      this.#checksRights = true;
    }
  }
}
