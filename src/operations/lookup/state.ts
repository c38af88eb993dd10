import type { Database } from '../../datadir/bbolt/database.ts';
import type { EtcdCluster } from '../../etcd/cluster.ts';
import type { Revision } from '../../revision.ts';
import type { Identities } from '../../snapshot/encryption/identities.ts';
import type { WantedKeys } from '../../snapshot/key-index/wanted-keys.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import type { RestoreTarget } from '../restore/target.ts';

/** Where a state of a cluster is read. */
export type StateSource =
  /** In a store; the revision or time of the target is the state. */
  | { readonly kind: 'store'; readonly store: SnapStore; readonly target: RestoreTarget }
  /** In a full snapshot, a db, or the data directory of an etcd that does not run. */
  | {
      readonly kind: 'path';
      readonly path: string;
      /** Where a data directory has its log, when not in `member/wal`. */
      readonly walDir?: string | undefined;
      /** What opens an encrypted snapshot. */
      readonly identities?: Identities | undefined;
      /** Undefined for the newest. */
      readonly revision: Revision | undefined;
    }
  /** What a running cluster holds now. */
  | { readonly kind: 'live'; readonly cluster: EtcdCluster };

/** What is needed to read a state. */
export interface StateRequest {
  readonly source: StateSource;
  /** Where a database is built; made when missing. */
  readonly tempDir: string;
  /** Deltas fetched at once. */
  readonly maxFetchers: number;
  /**
   * The keys that will be looked for in the state; others may be missing in it. With these, an index saves most of the reading. Left out, all
   * are there.
   */
  readonly wanted?: readonly WantedKeys[] | undefined;
  /** What is needed of these keys; left out, `keys` alone: leases may be missing. */
  readonly content?: 'keys' | 'keys and leases' | undefined;
}

/** A state of a cluster, and what is kept of the history up to it. */
export interface KnownState {
  readonly database: Database;
  readonly revision: Revision;
  /** No earlier revision can be read; 0 where nothing was compacted. */
  readonly compactRevision: number;
  /** Of the cluster, as a full, a marker or a log says; undefined where none does. A cluster that was restored has another one. */
  readonly clusterId: bigint | undefined;
  /** Of its members, as far as the database names them; none where the id of the cluster is known. */
  readonly memberIds: readonly bigint[];
  /** Of a store, what it was read from, base first. */
  readonly snapshots: readonly StoredSnapshot[];
  /** For messages: a store, a file, a directory, a cluster. */
  readonly location: string;
}
