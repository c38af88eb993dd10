import { revision } from '../revision.ts';
import type { RunContext } from '../runtime/run-context.ts';
import type { ClusterAlarm, EtcdCluster, EtcdConnectionOptions, MemberStatus } from './cluster.ts';
import type { Member, OpenStream } from './connection/member.ts';
import type { MemberPool, MemberWork } from './connection/member-pool.ts';
import { EtcdFailure } from './etcd-failure.ts';
import { readAlarms } from './rpc/alarm-text.ts';
import { defragmentRpc, leaseTimeToLiveRpc, snapshotRpc, statusRpc } from './rpc/rpc.ts';
import type { SnapshotResponse } from './snapshot/snapshot-response.ts';
import { chooseSource } from './snapshot/snapshot-source.ts';
import { verifiedSnapshotBytes } from './snapshot/snapshot-stream.ts';
import { arrivals } from './watch/arrivals.ts';
import { watch } from './watch/watch.ts';

type Settings = Pick<
  EtcdConnectionOptions,
  'connectionTimeoutMs' | 'snapshotTimeoutMs' | 'defragTimeoutMs' | 'snapshotFrom'
>;

/** The ways to the members of a cluster. */
export interface ClusterPools {
  /** Each member by its own address. */
  readonly members: MemberPool;
  /** For what any member can answer; may be the same. */
  readonly anyMember: MemberPool;
}

/** A cluster reached over gRPC. */
export class LiveCluster implements EtcdCluster {
  readonly #pool: MemberPool;
  readonly #members: MemberPool;
  readonly #settings: Settings;
  readonly #context: Pick<RunContext, 'clock' | 'log'>;

  constructor(pools: ClusterPools, settings: Settings, context: Pick<RunContext, 'clock' | 'log'>) {
    this.#pool = pools.anyMember;
    this.#members = pools.members;
    this.#settings = settings;
    this.#context = context;
  }

  get location(): string {
    return this.#pool.location;
  }

  async status({ signal }: { readonly signal: AbortSignal }): Promise<MemberStatus> {
    return await this.#pool.anywhere('ask the status of', (...at) => this.#statusOf(...at, signal), signal);
  }

  async members({ signal }: { readonly signal: AbortSignal }): Promise<readonly MemberStatus[]> {
    return await Promise.all(this.#members.members.map((member) => this.#statusAt(this.#members, member, signal)));
  }

  async alarms({ signal }: { readonly signal: AbortSignal }): Promise<readonly ClusterAlarm[]> {
    const timeoutMs = this.#settings.connectionTimeoutMs;
    const { errors } = await this.#pool.anywhere(
      'ask the alarms of',
      (member, token) => member.unary(statusRpc, {}, { signal, timeoutMs, token }),
      signal,
    );
    return readAlarms(errors ?? []);
  }

  async defragment(endpoint: string, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    const timeoutMs = this.#settings.defragTimeoutMs;
    const member = this.#members.members.find((each) => each.endpoint.url === endpoint);
    if (member === undefined) {
      throw new TypeError(`${endpoint} is no member of this cluster`);
    }
    await this.#members.at(
      member,
      'defragment',
      (at, token) => at.unary(defragmentRpc, {}, { signal, timeoutMs, token }),
      signal,
    );
  }

  async leaseTtl(lease: bigint, { signal }: { readonly signal: AbortSignal }): Promise<number | undefined> {
    const timeoutMs = this.#settings.connectionTimeoutMs;
    const { TTL, grantedTTL } = await this.#pool.anywhere(
      'ask the leases of',
      (member, token) => member.unary(leaseTimeToLiveRpc, { ID: String(lease) }, { signal, timeoutMs, token }),
      signal,
    );
    // Of a lease that is gone etcd says that it has -1 seconds left.
    return Number(TTL) < 0 || Number(grantedTTL) <= 0 ? undefined : Number(grantedTTL);
  }

  async *snapshot({ signal, onSize }: Parameters<EtcdCluster['snapshot']>[0]): AsyncGenerator<Uint8Array> {
    const action = 'read the snapshot of';
    const open: MemberWork<OpenedSnapshot> = (at, token) => this.#openSnapshot(at, { signal, token });
    const source = await this.#snapshotSource(signal);
    const opened =
      source.only === undefined
        ? await this.#pool.anywhere(action, open, signal)
        : await this.#pool.at(source.only, action, open, signal);
    using _stream = opened.stream;
    const { member } = opened;
    const endpoint = member.endpoint.url;
    let received = 0;
    try {
      for await (const chunk of verifiedSnapshotBytes(opened.bundles, { endpoint, onSize })) {
        received += chunk.length;
        yield chunk;
      }
    } catch (error) {
      signal.throwIfAborted();
      throw await member.failure(error, {
        action: 'read the snapshot of',
        progress: `the stream broke off after ${received} bytes`,
        timeoutRemedy: 'raise --etcd-snapshot-timeout',
      });
    }
  }

  watch(options: Parameters<EtcdCluster['watch']>[0]): ReturnType<EtcdCluster['watch']> {
    const parts = { pool: this.#pool, patienceMs: this.#settings.connectionTimeoutMs, ...this.#context };
    return watch(parts, options);
  }

  close(): void {
    this.#pool[Symbol.dispose]();
    if (this.#members !== this.#pool) {
      this.#members[Symbol.dispose]();
    }
  }

  async #statusOf(member: Member, token: string | undefined, signal: AbortSignal): Promise<MemberStatus> {
    const timeoutMs = this.#settings.connectionTimeoutMs;
    const answer = await member.unary(statusRpc, {}, { signal, timeoutMs, token });
    return {
      endpoint: member.endpoint.url,
      version: answer.version,
      memberId: BigInt(answer.header.member_id),
      leaderId: BigInt(answer.leader),
      isLearner: answer.isLearner,
      revision: revision(Number(answer.header.revision)),
      dbSize: Number(answer.dbSize),
      raftIndex: BigInt(answer.raftIndex),
    };
  }

  #statusAt(pool: MemberPool, member: Member, signal: AbortSignal): Promise<MemberStatus> {
    return pool.at(member, 'ask the status of', (...at) => this.#statusOf(...at, signal), signal);
  }

  /** Prefers the member that suits best; `only` is the one that alone will do. */
  async #snapshotSource(signal: AbortSignal): Promise<{ readonly only: Member | undefined }> {
    const { snapshotFrom = 'any' } = this.#settings;
    const { members } = this.#pool;
    if (snapshotFrom === 'any' && members.length === 1) {
      return { only: undefined };
    }
    const asked = await Promise.allSettled(members.map((member) => this.#statusAt(this.#pool, member, signal)));
    signal.throwIfAborted();
    const statuses = asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const chosen = chooseSource(statuses, snapshotFrom);
    const member = members.find(({ endpoint }) => endpoint.url === chosen?.endpoint);
    if (member !== undefined) {
      this.#pool.prefer(member);
    }
    if (snapshotFrom === 'any') {
      return { only: undefined };
    }
    if (member === undefined) {
      throw new EtcdFailure({
        code: 'etcd_unreachable',
        action: 'read the snapshot of',
        object: this.location,
        found: `none of the endpoints that answer is a ${snapshotFrom}`,
        remedy: 'give the endpoints of all members, or --snapshot-from any',
      });
    }
    return { only: member };
  }

  /** Opens the stream and waits for the first messages: up to then another member can take over. */
  async #openSnapshot(
    member: Member,
    { signal, token }: { readonly signal: AbortSignal; readonly token: string | undefined },
  ): Promise<OpenedSnapshot> {
    const timeoutMs = this.#settings.snapshotTimeoutMs;
    const stream = member.serverStream(snapshotRpc, {}, { signal, token, timeoutMs });
    try {
      const bundles = arrivals(stream.call);
      const first = await bundles.next();
      return { member, stream, bundles: resumed(first, bundles) };
    } catch (error) {
      stream[Symbol.dispose]();
      throw error;
    }
  }
}

interface OpenedSnapshot {
  readonly member: Member;
  readonly stream: OpenStream<unknown, SnapshotResponse>;
  readonly bundles: AsyncIterable<readonly SnapshotResponse[]>;
}

async function* resumed<T>(first: IteratorResult<T, unknown>, rest: AsyncIterable<T>): AsyncGenerator<T> {
  if (first.done !== true) {
    yield first.value;
    yield* rest;
  }
}
