import type { EtcdConnectionOptions } from '../../etcd/cluster.ts';
import type { Revision } from '../../revision.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import type { RestoreRequest, RestoreResult } from '../restore/restore.ts';
import type { DataDirState, ValidationMode } from './data-dir-state.ts';
import type { MemberOfCluster } from './place-in-cluster.ts';

/** What to validate, and what to restore from when it is invalid. */
export interface InitializeRequest extends Omit<RestoreRequest, 'store'> {
  /** Undefined when no store is configured: validation only. */
  readonly store: SnapStore | undefined;
  readonly mode: ValidationMode;
  /** How to reach the cluster of a member of several; left out, nobody is asked whether it is alive. */
  readonly connection?: EtcdConnectionOptions;
  /** How many members etcd's own configuration names, where the members are not given here; 1 when left out. */
  readonly configuredMembers?: number;
  /**
   * Of one of several members for which a sidecar decides: its cluster is asked before anything is done, and changed where that is
   * needed; nothing is ever restored then. Left out, a person decides.
   */
  readonly cluster?: MemberOfCluster | undefined;
  /** Value of POD_NAMESPACE; the `safe_guard` file must hold it. */
  readonly namespace: string | undefined;
  /** Hears what was found, before anything is done about it. */
  readonly onValidated?: (found: DataDirState) => void;
}

/** What was found and what was done about it. */
export interface InitializeResult {
  readonly found: DataDirState;
  /**
   * `moved_aside`: `member/` made way for a new member, as the store is empty, or the cluster expects one. `joined`: the cluster
   * took it as a learner; `rebuilt`: after it was taken out.
   */
  readonly action: 'kept' | 'restored' | 'moved_aside' | 'none' | 'joined' | 'rebuilt';
  readonly restored: RestoreResult | undefined;
  /** Where the `member/` is that was replaced or moved aside. */
  readonly keptAside?: string;
  /** The revision that the db in `keptAside` reaches, where that is more than what was restored. */
  readonly keptReaches?: Revision;
  /** Why a directory was kept without having been compared with the backup, or though the backup reaches further. */
  readonly notCompared?: string;
}
