import type { GatewayKey, Write } from '../../../scripts/lab/etcd-gateway.ts';
import type { ReplayedChange } from '../../../src/datadir/replay/store-state.ts';
import { hashKvOfChanges } from '../replay/hash-kv.ts';

interface LiveKey {
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: string;
  readonly value: Uint8Array;
}

/** What etcd must hold at a revision. */
export interface ModelState {
  /** In key order, as a gateway gives them. */
  readonly keys: readonly GatewayKey[];
  /** HashKV of this history when it was compacted at `compactRevision`. */
  hashKv(compactRevision: number): number;
}

/** The history of a cluster as its clients know it: every transaction that was made, and nothing about how it was kept. */
export class WriteModel {
  readonly #transactions = new Map<number, readonly Write[]>();
  #newest = 1;

  /** The highest revision that was recorded. */
  get newest(): number {
    return this.#newest;
  }

  /** Notes a transaction that etcd has made at `revision`. Throws when another one is said to have that revision. */
  record(revision: number, writes: readonly Write[]): void {
    if (this.#transactions.has(revision)) {
      throw new Error(`etcd gave revision ${revision} to two transactions`);
    }
    this.#transactions.set(revision, writes);
    this.#newest = Math.max(this.#newest, revision);
  }

  /** Whether every transaction up to `revision` is known. */
  knows(revision: number): boolean {
    for (let at = 2; at <= revision; at++) {
      if (!this.#transactions.has(at)) {
        return false;
      }
    }
    return true;
  }

  /** The state at `revision`, all of whose transactions must be known. */
  at(revision: number): ModelState {
    const live = new Map<string, LiveKey>();
    const changes: ReplayedChange[] = [];
    for (let at = 2; at <= revision; at++) {
      const writes = this.#transactions.get(at);
      if (writes === undefined) {
        throw new Error(`no client wrote revision ${at}`);
      }
      apply(writes, { revision: at, live, changes });
    }
    return { keys: keysOf(live), hashKv: (compactRevision) => hashKvOfChanges(changes, compactRevision) };
  }
}

function apply(
  writes: readonly Write[],
  state: {
    readonly revision: number;
    readonly live: Map<string, LiveKey>;
    readonly changes: ReplayedChange[];
  },
): void {
  const { revision, live, changes } = state;
  let sub = 0;
  for (const write of writes) {
    if ('put' in write) {
      const before = live.get(write.put);
      const createRevision = before?.createRevision ?? revision;
      const version = (before?.version ?? 0) + 1;
      const { lease = '0' } = write;
      const value = Buffer.from(write.value);
      live.set(write.put, { createRevision, modRevision: revision, version, lease, value });
      const facts = { kind: 'put' as const, createRevision, version, lease: BigInt(lease), value };
      changes.push({ revision, sub: sub++, key: write.put, ...facts });
    } else {
      for (const key of deletedKeys(write, live)) {
        live.delete(key);
        changes.push({ revision, sub: sub++, key, kind: 'delete' });
      }
    }
  }
}

/** etcd deletes a range in the order of its keys. */
function deletedKeys(
  write: { readonly delete: string; readonly until?: string },
  live: ReadonlyMap<string, LiveKey>,
): readonly string[] {
  const { until } = write;
  return until === undefined
    ? [write.delete].filter((key) => live.has(key))
    : [...live.keys()].filter((key) => key >= write.delete && key < until).toSorted();
}

function keysOf(live: ReadonlyMap<string, LiveKey>): readonly GatewayKey[] {
  return [...live.keys()].toSorted().flatMap((key) => {
    const found = live.get(key);
    return found === undefined ? [] : [gatewayKey(key, found)];
  });
}

function gatewayKey(key: string, { createRevision, modRevision, version, lease, value }: LiveKey): GatewayKey {
  return {
    key: Buffer.from(key).toString('base64'),
    ...(value.length === 0 ? {} : { value: Buffer.from(value).toString('base64') }),
    create_revision: String(createRevision),
    mod_revision: String(modRevision),
    version: String(version),
    ...(lease === '0' ? {} : { lease }),
  };
}
