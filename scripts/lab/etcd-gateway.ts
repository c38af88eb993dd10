/** A key as etcd reports it. Numbers that are int64 in etcd are strings, as its JSON gateway gives them. */
export interface GatewayKey {
  /** Base64. */
  readonly key: string;
  /** Base64; absent when empty. */
  readonly value?: string;
  readonly create_revision: string;
  readonly mod_revision: string;
  readonly version: string;
  /** Absent without a lease. */
  readonly lease?: string;
}

/** The whole state of a cluster that a client can see. */
export interface ClusterState {
  readonly revision: number;
  readonly keys: readonly GatewayKey[];
  /** Every living lease, with the time it was granted for in seconds. */
  readonly leases: readonly { readonly id: string; readonly grantedTtl: number }[];
}

/** One write of a transaction. */
export type Write =
  | { readonly put: string; readonly value: Uint8Array | string; readonly lease?: string }
  /** `until`: every key from `delete` up to and without this one. */
  | { readonly delete: string; readonly until?: string };

/**
 * Talks to etcd through the JSON gateway every etcd offers: needs no client library, and shares no code with ours.
 */
export class EtcdGateway {
  readonly #url: string;

  /** `clientUrl` is plain HTTP. */
  constructor(clientUrl: string) {
    this.#url = clientUrl;
  }

  /** Writes all of `writes`, at most 128, in one transaction; gives its revision. */
  async write(writes: readonly Write[]): Promise<number> {
    const success = writes.map((write) =>
      'put' in write
        ? { request_put: { key: base64(write.put), value: base64(write.value), lease: write.lease ?? '0' } }
        : {
            request_delete_range: {
              key: base64(write.delete),
              ...(write.until === undefined ? {} : { range_end: base64(write.until) }),
            },
          },
    );
    const answer = (await this.#call('kv/txn', { success })) as { readonly header: { readonly revision: string } };
    return Number(answer.header.revision);
  }

  /** Grants a lease and gives its id. */
  async grantLease(ttlSeconds: number): Promise<string> {
    const { ID } = (await this.#call('lease/grant', { TTL: ttlSeconds })) as { readonly ID: string };
    return ID;
  }

  /** The current state of one key, read linearizably, so not from a member that lags; undefined when it does not exist. */
  async get(key: string): Promise<GatewayKey | undefined> {
    const { kvs = [] } = (await this.#call('kv/range', { key: base64(key) })) as {
      readonly kvs?: readonly GatewayKey[];
    };
    return kvs[0];
  }

  /** Reads everything. Nothing else may write at the same time. */
  async state(): Promise<ClusterState> {
    const range = { key: base64('\0'), range_end: base64('\0'), sort_target: 'KEY', sort_order: 'ASCEND' };
    const { header, kvs = [] } = (await this.#call('kv/range', range)) as {
      readonly header: { readonly revision: string };
      readonly kvs?: readonly GatewayKey[];
    };
    const { leases = [] } = (await this.#call('lease/leases', {})) as {
      readonly leases?: readonly { readonly ID: string }[];
    };
    const granted = await Promise.all(
      leases.map(async ({ ID }) => {
        const lease = (await this.#call('lease/timetolive', { ID })) as { readonly grantedTTL: string };
        return { id: ID, grantedTtl: Number(lease.grantedTTL) };
      }),
    );
    return {
      revision: Number(header.revision),
      keys: kvs,
      leases: granted.toSorted((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1)),
    };
  }

  /** HashKV: over every record up to `revision` that is not compacted. For etcd 3.5 and newer; 3.4 gives it no address. */
  async hashKv(revision: number): Promise<number> {
    const { hash } = (await this.#call('maintenance/hashkv', { revision })) as { readonly hash: number };
    return hash;
  }

  /** Compacts the history up to a revision, also on the disk. */
  async compact(revision: number): Promise<void> {
    await this.#call('kv/compaction', { revision: String(revision), physical: true });
  }

  async #call(method: string, body: unknown): Promise<unknown> {
    const answer = await fetch(`${this.#url}/v3/${method}`, { method: 'POST', body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) {
      throw new Error(`etcd answered ${method} with ${answer.status}: ${text}`);
    }
    return JSON.parse(text);
  }
}

function base64(data: Uint8Array | string): string {
  return Buffer.from(data).toString('base64');
}
