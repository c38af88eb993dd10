import type { ICompare, ITxnRequest, ITxnResponse } from 'etcd3';
import type { EtcdConnectionOptions } from './cluster.ts';
import type { ClusterPools } from './connection/cluster-pools.ts';
import type { MemberWork, PoolCall } from './connection/member-pool.ts';
import { EtcdFailure } from './etcd-failure.ts';
import type { ClusterKeys, GuardedPut, KeyCall, KeyPosition, KeyWithValue, PutResult } from './keys.ts';
import { leaseGrantRpc, txnRpc } from './rpc/rpc.ts';

/** A request, and what it is for, as it reads after "cannot". */
interface Transaction {
  readonly action: string;
  readonly request: ITxnRequest;
}

/** The keys of a cluster reached over gRPC. */
export class LiveKeys implements ClusterKeys {
  readonly #pools: ClusterPools;
  readonly #timeoutMs: number;

  constructor(pools: ClusterPools, settings: Pick<EtcdConnectionOptions, 'connectionTimeoutMs'>) {
    this.#pools = pools;
    this.#timeoutMs = settings.connectionTimeoutMs;
    pools.acquire(this);
  }

  get location(): string {
    return this.#pools.anyMember.location;
  }

  async positions(keys: readonly Uint8Array[], call: KeyCall): Promise<readonly (KeyPosition | undefined)[]> {
    const success = keys.map((key) => ({ request_range: { key: bytes(key), keys_only: true } }));
    const ask = { action: 'read keys of', request: { success } } as const;
    const answer = keys.length > 1 ? await this.#sized(ask, call) : await this.#txn(ask, call);
    if (answer === undefined) {
      const middle = Math.ceil(keys.length / 2);
      const first = await this.positions(keys.slice(0, middle), call);
      return [...first, ...(await this.positions(keys.slice(middle), call))];
    }
    const { responses } = answer;
    return responses.map(({ response_range: { kvs } }) => {
      const [found] = kvs;
      return found === undefined
        ? undefined
        : { createRevision: Number(found.create_revision), modRevision: Number(found.mod_revision) };
    });
  }

  async hold(keys: readonly KeyWithValue[], call: KeyCall): Promise<boolean | undefined> {
    const compare = keys.map(
      ({ key, value }): ICompare => ({ result: 'Equal', target: 'Value', key: bytes(key), value: bytes(value) }),
    );
    const answer = await this.#sized({ action: 'read keys of', request: { compare } }, call);
    return answer?.succeeded;
  }

  async takes({ key, value }: KeyWithValue, call: KeyCall): Promise<boolean> {
    const compare: ICompare[] = [{ result: 'Less', target: 'Create', key: bytes(key), create_revision: '0' }];
    const success = [{ request_put: { key: bytes(key), value: bytes(value) } }];
    return (await this.#sized({ action: 'write keys to', request: { compare, success } }, call)) !== undefined;
  }

  async put(puts: readonly GuardedPut[], call: KeyCall): Promise<PutResult> {
    const request = {
      compare: puts.map(compareOf),
      success: puts.map(({ key, value, lease }) => ({
        request_put: { key: bytes(key), value: bytes(value), lease: String(lease) },
      })),
    };
    const answer = await this.#sized({ action: 'write keys to', request }, call);
    if (answer === undefined) {
      return { kind: 'too large' };
    }
    const { succeeded, header } = answer;
    return succeeded ? { kind: 'written', revision: Number(header.revision) } : { kind: 'guarded' };
  }

  async grantLease(ttlSeconds: number, call: KeyCall): Promise<bigint> {
    const { ID } = await this.#anywhere('grant a lease at', call, (member, bounds) =>
      member.unary(leaseGrantRpc, { TTL: String(ttlSeconds) }, bounds),
    );
    return BigInt(ID);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#pools.release(this);
    return Promise.resolve();
  }

  /** The answer to a transaction; undefined when it is larger than those that etcd takes. */
  async #sized(asked: Transaction, call: KeyCall): Promise<ITxnResponse | undefined> {
    try {
      return await this.#txn(asked, call);
    } catch (error) {
      if (error instanceof EtcdFailure && error.code === 'etcd_request_too_large') {
        return undefined;
      }
      throw error;
    }
  }

  #txn({ action, request }: Transaction, call: KeyCall): Promise<ITxnResponse> {
    return this.#anywhere(action, call, (member, bounds) => member.unary(txnRpc, request, bounds));
  }

  #anywhere<T>(action: string, { signal }: KeyCall, work: MemberWork<T>): Promise<T> {
    const call: PoolCall = { action, signal, timeoutMs: this.#timeoutMs };
    return this.#pools.anyMember.anywhere(call, work);
  }
}

function compareOf({ key, guard }: GuardedPut): ICompare {
  switch (guard.kind) {
    case 'missing':
      return { result: 'Equal', target: 'Create', key: bytes(key), create_revision: '0' };
    case 'unchanged':
      return { result: 'Equal', target: 'Mod', key: bytes(key), mod_revision: String(guard.modRevision) };
    default:
      return guard satisfies never;
  }
}

function bytes(view: Uint8Array): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.length);
}
