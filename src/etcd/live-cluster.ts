import { revision } from '../revision.ts';
import type { RunContext } from '../runtime/run-context.ts';
import { arrivals } from './arrivals.ts';
import type { EtcdCluster, EtcdConnectionOptions, MemberStatus } from './cluster.ts';
import type { Member, OpenStream } from './member.ts';
import type { MemberPool } from './member-pool.ts';
import { snapshotRpc, statusRpc } from './rpc.ts';
import type { SnapshotResponse } from './snapshot-response.ts';
import { verifiedSnapshotBytes } from './snapshot-stream.ts';
import { watch } from './watch.ts';

type Timeouts = Pick<EtcdConnectionOptions, 'connectionTimeoutMs' | 'snapshotTimeoutMs' | 'defragTimeoutMs'>;

/** A cluster reached over gRPC. */
export class LiveCluster implements EtcdCluster {
  readonly #pool: MemberPool;
  readonly #timeouts: Timeouts;
  readonly #context: Pick<RunContext, 'clock' | 'log'>;

  constructor(pool: MemberPool, timeouts: Timeouts, context: Pick<RunContext, 'clock' | 'log'>) {
    this.#pool = pool;
    this.#timeouts = timeouts;
    this.#context = context;
  }

  get location(): string {
    return this.#pool.location;
  }

  async status({ signal }: { readonly signal: AbortSignal }): Promise<MemberStatus> {
    return await this.#pool.anywhere(
      'ask the status of',
      async (member, token) => {
        const timeoutMs = this.#timeouts.connectionTimeoutMs;
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
      },
      signal,
    );
  }

  async *snapshot({ signal, onSize }: Parameters<EtcdCluster['snapshot']>[0]): AsyncGenerator<Uint8Array> {
    const opened = await this.#pool.anywhere(
      'read the snapshot of',
      (member, token) => this.#openSnapshot(member, { signal, token }),
      signal,
    );
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
    const parts = { pool: this.#pool, patienceMs: this.#timeouts.connectionTimeoutMs, ...this.#context };
    return watch(parts, options);
  }

  close(): void {
    this.#pool[Symbol.dispose]();
  }

  /** Opens the stream and waits for the first messages: up to then another member can take over. */
  async #openSnapshot(
    member: Member,
    { signal, token }: { readonly signal: AbortSignal; readonly token: string | undefined },
  ): Promise<OpenedSnapshot> {
    const timeoutMs = this.#timeouts.snapshotTimeoutMs;
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
