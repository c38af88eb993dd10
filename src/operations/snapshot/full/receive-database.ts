import type { FileHandle } from 'node:fs/promises';
import type { EtcdCluster, MemberStatus } from '../../../etcd/cluster.ts';
import type { VolumeSpace } from '../../../fs/volume-space.ts';
import { writeAll } from '../../../fs/write-all.ts';
import type { Revision } from '../../../revision.ts';
import type { BufferCollection } from '../../../runtime/memory/buffer-collector.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import { prefetch } from '../../../runtime/streams/prefetch.ts';
import { rechunk } from '../../../runtime/streams/rechunk.ts';
import { HashDamage } from '../../../snapshot/damage.ts';
import { TrailingHash } from '../../../snapshot/trailing-hash.ts';
import { markingBreaks } from './broken-stream.ts';
import type { KnownFacts } from './check-and-index.ts';
import { corruptSnapshot } from './corrupt-snapshot.ts';
import { type TemporaryPlace, writingTo } from './temporary-place.ts';

/** Bytes that are hashed, written and compressed at a time. */
const blockSize = 512 * 1024;

/** The member that sends a database, as far as it is known. */
export interface Sender {
  endpoint: string | undefined;
  /** Of some member. */
  status: MemberStatus | undefined;
}

/** What of it is recorded with the full. */
export function factsOf({ endpoint, status }: Sender): Pick<KnownFacts, 'clusterId' | 'memberId' | 'etcdVersion'> {
  if (status === undefined) {
    return {};
  }
  const { clusterId, memberId, version } = status;
  const isSender = status.endpoint === endpoint;
  return {
    clusterId: clusterId.toString(16),
    ...(isSender ? { memberId: memberId.toString(16), etcdVersion: version } : {}),
  };
}

/** Whose database is received, and what is told of it meanwhile. */
export interface ReceiveRequest extends TemporaryPlace {
  readonly cluster: EtcdCluster;
  readonly space: VolumeSpace;
  readonly buffers: BufferCollection;
  readonly sender: Sender;
  /** A member that has not reached this revision is read only where no other one has. */
  readonly reaching?: Revision | undefined;
  /** Called each time that a stream was opened. */
  readonly onOpened?: (() => void) | undefined;
}

/** Yields blocks while they are written to the file, each valid until the next. Throws at the end unless they were a database and its hash. */
export async function* receiveDatabase(
  handle: FileHandle,
  { cluster, tempDir, space, buffers, sender, reaching, onOpened }: ReceiveRequest,
  { signal, progress, log }: RunContext,
): AsyncGenerator<Uint8Array> {
  using bar = progress.start({ label: 'Reading snapshot', unit: 'bytes', total: undefined });
  const onSize = (bytes: number, endpoint: string): void => {
    onOpened?.();
    log.info({ endpoint }, `Successfully opened snapshot reader on etcd at ${endpoint}`);
    bar.expect(bytes);
    space.expect(bytes);
    sender.endpoint = endpoint;
    // Only to be recorded: nothing waits for it.
    cluster.status({ signal }).then(
      (status) => {
        sender.status = status;
      },
      () => undefined,
    );
  };
  const trailing = new TrailingHash();
  let written = Promise.resolve();
  // The network goes on while the compressor works; what is in flight must not hold up an early end.
  const ended = new AbortController();
  using _end = { [Symbol.dispose]: () => ended.abort() };
  const stream = cluster.snapshot({ signal: AbortSignal.any([signal, ended.signal]), reaching, onSize });
  for await (const block of prefetch(rechunk(markingBreaks(stream), blockSize))) {
    await written;
    written = writingTo({ tempDir, space }, () => writeAll(handle, block));
    // Awaited in the next round, unless that is never reached.
    written.catch(() => undefined);
    trailing.push(block);
    bar.advance(block.length);
    yield block;
    buffers.discarded(block.length);
  }
  await written;
  if (!trailing.present) {
    throw corruptSnapshot(cluster.location, `its ${trailing.length} bytes are not a database followed by a SHA-256`);
  }
  try {
    trailing.verify();
  } catch (error) {
    throw error instanceof HashDamage ? corruptSnapshot(cluster.location, error.message, error) : error;
  }
}
