import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Etcd3, ICompare, IPutRequest, IRequestOp, ITxnRequest } from 'etcd3';
import type { Random } from '../fixtures/random.ts';

/** Clients that write at the same time, each with its own login or none. */
export interface Workload {
  readonly clients: readonly Etcd3[];
  readonly random: Random;
  /** Requests in flight at once, for each client. */
  readonly parallel: number;
  /** Longest pause after each request, ms; left out for none. */
  readonly pauseMs?: number;
  /** Called with a client that may change users and roles; absent where nobody logs in. */
  readonly changeRights?: (random: Random) => Promise<unknown>;
}

const KEYS = Array.from({ length: 60 }, (_, place) => `${'ab'[place % 2]}/${String(place).padStart(2, '0')}`);
const VALUES = ['', 'one', 'two', 'three'];
const LEASES = Array.from({ length: 12 }, (_, place) => String(1000 + place));

/** Writes at random until it is stopped. Requests that etcd refuses, or that get no answer, are part of it. */
export function startWorkload(workload: Workload): { stop(): Promise<void> } {
  let stopping = false;
  const loops = workload.clients.flatMap((client) =>
    Array.from({ length: workload.parallel }, async () => {
      while (!stopping) {
        // While the client holds an etcd for dead it refuses at once: without a turn for others, the loops would be all there is.
        await request(client, workload).catch(() => nextTurn());
        if (workload.pauseMs !== undefined) {
          await sleep(workload.random.integer(workload.pauseMs + 1));
        }
      }
    }),
  );
  return {
    stop: async () => {
      stopping = true;
      await Promise.all(loops);
    },
  };
}

async function request(client: Etcd3, { random, changeRights }: Workload): Promise<unknown> {
  const dice = random.integer(100);
  const options = { deadline: Date.now() + 2000 };
  if (dice < 45) return client.kv.put(singlePut(random), options);
  if (dice < 55) return client.kv.deleteRange({ ...keys(random), prev_kv: random.oneIn(4) }, options);
  if (dice < 80) return client.kv.txn(transaction(random, 2), options);
  if (dice < 87) return client.leaseClient.leaseGrant({ ID: random.pick(LEASES), TTL: 3600 }, options);
  if (dice < 93) return client.leaseClient.leaseRevoke({ ID: random.pick(LEASES) }, options);
  if (dice < 95) return compact(client, random);
  return changeRights?.(random);
}

/**
 * Never up to the newest revision: at a compacted revision etcd 3.4 gives no HashKV, and 3.5 the one it took before its
 * last compaction, which it does not know any more when that had ended before it was killed (server/storage/mvcc/hash.go).
 */
async function compact(client: Etcd3, random: Random): Promise<unknown> {
  const { header } = await client.kv.range({ key: Buffer.from('a') });
  const revision = Number(header.revision) - 1 - random.integer(40);
  return revision > 0 ? client.kv.compact({ revision }) : undefined;
}

/** A put outside of a transaction. Inside of one, keeping a value that an earlier step deletes ends etcd with a panic. */
function singlePut(random: Random): IPutRequest {
  const key = Buffer.from(random.pick(KEYS));
  const lease = random.oneIn(3) ? { lease: random.pick(LEASES) } : {};
  if (random.oneIn(10)) return { key, ...lease, ignore_value: true };
  if (random.oneIn(10)) return { key, value: value(random), ignore_lease: true };
  return put(random);
}

function put(random: Random): IPutRequest {
  const lease = random.oneIn(3) ? { lease: random.pick(LEASES) } : {};
  return { key: Buffer.from(random.pick(KEYS)), value: value(random), ...lease, prev_kv: random.oneIn(5) };
}

function value(random: Random): Buffer {
  return random.oneIn(20)
    ? Buffer.alloc(random.integer(20_000), random.pick(['x', 'y']))
    : Buffer.from(random.pick(VALUES));
}

function keys(random: Random): { readonly key: Buffer; readonly range_end?: Buffer } {
  const key = Buffer.from(random.pick(KEYS));
  const dice = random.integer(20);
  if (dice === 0) return { key, range_end: Buffer.from([0]) };
  if (dice < 4) return { key, range_end: Buffer.from(random.pick(KEYS)) };
  return { key };
}

function transaction(random: Random, depth: number): ITxnRequest {
  return {
    compare: Array.from({ length: random.integer(3) }, () => comparison(random)),
    success: steps(random, depth),
    failure: steps(random, depth),
  };
}

function steps(random: Random, depth: number): IRequestOp[] {
  return Array.from({ length: random.integer(4) }, (): IRequestOp => {
    const dice = random.integer(10);
    if (dice < 5) return { request_put: put(random) };
    if (dice < 7) return { request_delete_range: keys(random) };
    if (dice < 9 || depth === 0) {
      return { request_range: { ...keys(random), ...(random.oneIn(4) ? { revision: 1 + random.integer(5000) } : {}) } };
    }
    return { request_txn: transaction(random, depth - 1) };
  });
}

function comparison(random: Random): ICompare {
  const result = random.pick(['Equal', 'Greater', 'Less', 'NotEqual'] as const);
  const on = { ...keys(random), result };
  switch (random.integer(5)) {
    case 0:
      return { ...on, target: 'Version', version: random.integer(3) };
    case 1:
      return { ...on, target: 'Create', create_revision: random.pick([0, 100, 1000]) };
    case 2:
      return { ...on, target: 'Mod', mod_revision: random.pick([0, 500, 5000]) };
    case 3:
      return { ...on, target: 'Value', value: Buffer.from(random.pick(VALUES)) };
    default:
      return { ...on, target: 'Lease', lease: random.pick(['0', ...LEASES]) };
  }
}
