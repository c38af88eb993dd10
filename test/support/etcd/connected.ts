import { eventually } from '../../../scripts/lab/eventually.ts';
import type { EtcdCluster, EtcdConnectionOptions, WatchBatch } from '../../../src/etcd/cluster.ts';
import type { ClusterHistory } from '../../../src/etcd/cluster-history.ts';
import { connect, openConnection } from '../../../src/etcd/connect.ts';
import type { ClusterMembers } from '../../../src/etcd/members.ts';
import { type Revision, revision } from '../../../src/revision.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import type { DeltaEvent } from '../../../src/snapshot/delta-event.ts';
import { RecordedLog } from '../context/recorded-log.ts';

/** Options for `endpoints`, otherwise the defaults of the command line, but with short timeouts. */
export function connectionTo(
  endpoints: readonly string[],
  overrides: Partial<EtcdConnectionOptions> = {},
): EtcdConnectionOptions {
  return {
    endpoints,
    serviceEndpoints: [],
    username: undefined,
    password: undefined,
    caFile: undefined,
    certFile: undefined,
    keyFile: undefined,
    insecureTransport: true,
    insecureSkipVerify: false,
    connectionTimeoutMs: 5_000,
    snapshotTimeoutMs: 60_000,
    defragTimeoutMs: 60_000,
    ...overrides,
  };
}

/** A connection of a test to a cluster; disposing aborts what still runs and closes it. */
export interface Connected extends AsyncDisposable {
  readonly cluster: EtcdCluster;
  readonly members: ClusterMembers;
  readonly log: RecordedLog;
  /** Aborts when this is disposed of. */
  readonly signal: AbortSignal;
}

/** Connects as the program does; `not awaited` returns before any member has answered. */
export async function connected(
  endpoints: readonly string[],
  overrides: Partial<EtcdConnectionOptions> = {},
  { answer = 'awaited' }: { readonly answer?: 'awaited' | 'not awaited' } = {},
): Promise<Connected> {
  const controller = new AbortController();
  const log = new RecordedLog();
  const { signal } = controller;
  const options = connectionTo(endpoints, overrides);
  const context = { signal, clock: systemClock, log };
  const connection = await (answer === 'awaited' ? connect(options, context) : openConnection(options, context));
  return {
    cluster: connection.cluster,
    members: connection.members,
    log,
    signal,
    [Symbol.asyncDispose]: async () => {
      controller.abort();
      await connection[Symbol.asyncDispose]();
    },
  };
}

/** A watch that is read in the background. */
export interface RunningWatch {
  readonly events: DeltaEvent[];
  readonly batches: WatchBatch[];
  /** Resolves when everything up to revision `last` was delivered; rejects when the watch fails before. */
  reached(last: Revision | number): Promise<readonly DeltaEvent[]>;
  /** Settles as the watch does. */
  readonly ended: Promise<void>;
}

/** Reads a watch from `from` on in the background, as the continuation of a history where one is given. */
export function startWatch(
  { cluster, signal }: Connected,
  from: Revision | number,
  history?: ClusterHistory,
): RunningWatch {
  const events: DeltaEvent[] = [];
  const batches: WatchBatch[] = [];
  let outcome: { readonly error: unknown } | undefined;
  const ended = (async () => {
    for await (const batch of cluster.watch({
      from: revision(from),
      signal,
      ...(history === undefined ? {} : { history }),
    })) {
      batches.push(batch);
      for (const event of batch.events) {
        events.push(event);
      }
    }
  })();
  ended.catch((error: unknown) => {
    outcome = { error };
  });
  return {
    events,
    batches,
    ended,
    reached: (last) =>
      eventually(
        () => {
          if (outcome !== undefined) {
            throw outcome.error;
          }
          return (batches.at(-1)?.revision ?? 0) >= last ? events : undefined;
        },
        {
          intervalMs: 5,
          timeoutMs: 60_000,
          describe: () => `the watch is at ${batches.at(-1)?.revision}, not at ${last}`,
        },
      ),
  };
}
