import type { EtcdCluster, EtcdConnectionOptions } from '../cluster.ts';
import { refuseMixed } from '../connection/check-endpoints.ts';
import type { MemberClient, OpenStream } from '../connection/member-client.ts';
import type { MemberPool, MemberWork } from '../connection/member-pool.ts';
import { EtcdFailure } from '../etcd-failure.ts';
import { arrivedMessages } from '../rpc/arrived-messages.ts';
import { askStatuses } from '../rpc/member-status.ts';
import { snapshotRpc } from '../rpc/rpc.ts';
import type { SnapshotResponse } from './snapshot-response.ts';
import { chooseSnapshotSource } from './snapshot-source.ts';
import { verifiedSnapshotBytes } from './snapshot-stream.ts';

type Settings = Pick<EtcdConnectionOptions, 'connectionTimeoutMs' | 'snapshotTimeoutMs' | 'snapshotFrom'>;

const action = 'read the snapshot of';

/**
 * The database of a member of `pool` followed by its SHA-256. Until the first message has come another member can take
 * over; a stream that breaks off later ends with an {@link EtcdFailure}.
 */
export async function* readSnapshot(
  pool: MemberPool,
  settings: Settings,
  { signal, reaching, onSize }: Parameters<EtcdCluster['snapshot']>[0],
): AsyncGenerator<Uint8Array> {
  const call = { action, signal, timeoutMs: settings.snapshotTimeoutMs };
  const { only } = await chooseMember(pool, settings, { signal, reaching });
  const opened = only === undefined ? await pool.anywhere(call, open) : await pool.at(only, call, open);
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
      action,
      progress: `the stream broke off after ${received} bytes`,
      timeoutRemedy: 'raise --etcd-snapshot-timeout',
    });
  }
}

/** Makes the best member the preferred one of `pool`; `only` is set when no other one may take its place. */
async function chooseMember(
  pool: MemberPool,
  { snapshotFrom = 'any', connectionTimeoutMs }: Settings,
  { signal, reaching }: Pick<Parameters<EtcdCluster['snapshot']>[0], 'signal' | 'reaching'>,
): Promise<{ readonly only: MemberClient | undefined }> {
  const { members } = pool;
  if (snapshotFrom === 'any' && members.length === 1) {
    return { only: undefined };
  }
  const call = { action: 'ask the status of', signal, timeoutMs: connectionTimeoutMs };
  const statuses = await askStatuses(pool, call);
  refuseMixed(statuses);
  const chosen = chooseSnapshotSource(statuses, { wanted: snapshotFrom, reaching });
  const member = members.find(({ endpoint }) => endpoint.url === chosen?.endpoint);
  if (member !== undefined) {
    pool.prefer(member);
  }
  if (snapshotFrom === 'any') {
    return { only: undefined };
  }
  if (member === undefined) {
    throw new EtcdFailure({
      code: 'etcd_unreachable',
      action,
      object: pool.location,
      found: `none of the endpoints that answer is a ${snapshotFrom}`,
      remedy: 'give the endpoints of all members, or --snapshot-from any',
    });
  }
  return { only: member };
}

interface OpenedSnapshot {
  readonly member: MemberClient;
  readonly stream: OpenStream<unknown, SnapshotResponse>;
  readonly bundles: AsyncIterable<readonly SnapshotResponse[]>;
}

/** Opens the stream and waits for the first messages. */
const open: MemberWork<OpenedSnapshot> = async (member, bounds) => {
  const stream = member.serverStream(snapshotRpc, {}, bounds);
  try {
    const bundles = arrivedMessages(stream.call);
    const first = await bundles.next();
    return { member, stream, bundles: withFirst(first, bundles) };
  } catch (error) {
    stream[Symbol.dispose]();
    throw error;
  }
};

async function* withFirst<T>(first: IteratorResult<T, unknown>, rest: AsyncIterable<T>): AsyncGenerator<T> {
  if (first.done !== true) {
    yield first.value;
    yield* rest;
  }
}
