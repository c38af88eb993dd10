import type { AlarmKind } from '../raft/raft-request.ts';

/**
 * Raised alarms, and what etcd refuses because of them.
 *
 * While an alarm is active that was raised since the start, etcd does not check the rights of users: it replaces the whole chain
 * of appliers, and forgets the one that checks. With an alarm that the db held at the start, rights are checked.
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

  /** The alarm that decides. `nospace` refuses puts and lease grants, `corrupt` all changes of keys and leases. */
  get refuses(): AlarmKind | undefined {
    return this.#refuses;
  }

  /** Whether rights of users are checked. */
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
