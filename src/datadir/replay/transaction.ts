import type { KeyRange } from './key-range.ts';
import type { ReplayedChange, StoreState } from './store-state.ts';

/** Receives each change. */
export type ChangeSink = (change: ReplayedChange) => void;

/**
 * One transaction of the store. Its changes share one revision, the next one, and its reads see the changes before them. A
 * transaction without changes does not use up a revision. Source: etcd, server/storage/mvcc/kvstore_txn.go.
 */
export class Transaction {
  readonly #state: StoreState;
  readonly #sink: ChangeSink;
  readonly #revision: number;
  #changes = 0;

  constructor(state: StoreState, sink: ChangeSink) {
    this.#state = state;
    this.#sink = sink;
    this.#revision = state.revision + 1;
  }

  put(key: string, value: Uint8Array, lease: bigint): void {
    const { keys, leases } = this.#state;
    const before = keys.get(key);
    const createRevision = before?.createRevision ?? this.#revision;
    const version = (before?.version ?? 0) + 1;
    keys.set(key, { createRevision, modRevision: this.#revision, version, lease, value });
    leases.attach(key, lease);
    this.#emit({
      revision: this.#revision,
      sub: this.#changes,
      key,
      kind: 'put',
      createRevision,
      version,
      lease,
      value,
    });
  }

  deleteRange(range: KeyRange): void {
    for (const key of this.#state.keys.inRange(range)) {
      this.#state.keys.delete(key);
      this.#state.leases.detach(key);
      this.#emit({ revision: this.#revision, sub: this.#changes, key, kind: 'delete' });
    }
  }

  end(): void {
    if (this.#changes > 0) {
      this.#state.revision = this.#revision;
    }
  }

  #emit(change: ReplayedChange): void {
    this.#sink(change);
    this.#changes++;
  }
}
