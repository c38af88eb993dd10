import type { ClusterKeys, GuardedPut, KeyPosition, KeyWithValue, PutResult } from '../../../src/etcd/keys.ts';

interface ModelKey extends KeyPosition {
  readonly value: string;
  readonly lease: bigint;
}

/** The keys of an etcd as a table in memory, for tests of what writes them. */
export class ModelKeys implements ClusterKeys {
  readonly location = 'http://model:2379';
  readonly keys = new Map<string, ModelKey>();
  /** Seconds of the leases that were granted; their ids are 1n, 2n and so on. */
  readonly leases: number[] = [];
  /** Bytes of keys and values that one request may have. */
  mostBytes = 1_000_000;
  /** Runs before each put, as another client does. */
  beforePut: (puts: readonly GuardedPut[]) => void = () => undefined;
  /** Transactions that wrote something. */
  writes = 0;
  #revision = 1;

  set(key: string, value: string, lease = 0n): number {
    const found = this.keys.get(key);
    const modRevision = ++this.#revision;
    this.keys.set(key, { value, lease, modRevision, createRevision: found?.createRevision ?? modRevision });
    return modRevision;
  }

  async positions(keys: readonly Uint8Array[]): Promise<readonly (KeyPosition | undefined)[]> {
    return keys.map((key) => this.keys.get(text(key)));
  }

  async hold(keys: readonly KeyWithValue[]): Promise<boolean | undefined> {
    return this.#fits(keys)
      ? keys.every(({ key, value }) => this.keys.get(text(key))?.value === text(value))
      : undefined;
  }

  async takes(key: KeyWithValue): Promise<boolean> {
    return this.#fits([key]);
  }

  async put(puts: readonly GuardedPut[]): Promise<PutResult> {
    this.beforePut(puts);
    if (!this.#fits(puts)) {
      return { kind: 'too large' };
    }
    const holds = puts.every(({ key, guard }) =>
      guard.kind === 'missing'
        ? !this.keys.has(text(key))
        : this.keys.get(text(key))?.modRevision === guard.modRevision,
    );
    if (!holds) {
      return { kind: 'guarded' };
    }
    this.writes++;
    for (const { key, value, lease } of puts) {
      this.set(text(key), text(value), lease);
    }
    return { kind: 'written', revision: this.#revision };
  }

  async grantLease(ttlSeconds: number): Promise<bigint> {
    return BigInt(this.leases.push(ttlSeconds));
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #fits(keys: readonly KeyWithValue[]): boolean {
    return keys.reduce((sum, { key, value }) => sum + key.length + value.length, 0) <= this.mostBytes;
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
