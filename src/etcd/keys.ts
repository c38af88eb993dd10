/** When a key was created and last changed. */
export interface KeyPosition {
  readonly createRevision: number;
  readonly modRevision: number;
}

/** A key with its value. */
export interface KeyWithValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** What has to hold of a key when it is written. */
export type KeyGuard =
  | { readonly kind: 'missing' }
  /** It exists, and its last change is still this one. */
  | { readonly kind: 'unchanged'; readonly modRevision: number };

/** A key that is written where its guard holds. */
export interface GuardedPut extends KeyWithValue {
  /** 0n for none. */
  readonly lease: bigint;
  readonly guard: KeyGuard;
}

/** What became of guarded puts: written at a revision, or not. */
export type PutResult =
  | { readonly kind: 'written'; readonly revision: number }
  | { readonly kind: 'guarded' | 'too large' };

/** Bounds of one call. */
export interface KeyCall {
  readonly signal: AbortSignal;
}

/**
 * The keys of a live etcd cluster, read as a quorum confirms them. Each call is one transaction of etcd, of at most
 * {@link MOST_KEYS} keys. Rejects with an {@link EtcdFailure}.
 */
export interface ClusterKeys extends AsyncDisposable {
  /** For messages. */
  readonly location: string;
  /** The positions of keys, in their order; undefined for those that do not exist. */
  positions(keys: readonly Uint8Array[], call: KeyCall): Promise<readonly (KeyPosition | undefined)[]>;
  /** Whether all of these keys exist with these values; undefined when etcd takes no request of that size. */
  hold(keys: readonly KeyWithValue[], call: KeyCall): Promise<boolean | undefined>;
  /** Whether etcd takes a request that writes this key: sends one whose guard never holds. */
  takes(key: KeyWithValue, call: KeyCall): Promise<boolean>;
  /**
   * Writes all of `puts` and gives the revision, or writes nothing and says why.
   * Where an answer is lost and another member is asked, what the first one wrote is a guard that does not hold.
   */
  put(puts: readonly GuardedPut[], call: KeyCall): Promise<PutResult>;
  /** Grants a lease and gives its id. */
  grantLease(ttlSeconds: number, call: KeyCall): Promise<bigint>;
}

/** The operations that etcd takes in one transaction, unless `--max-txn-ops` says otherwise, are twice as many. */
export const MOST_KEYS = 64;
