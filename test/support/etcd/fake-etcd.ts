import {
  credentials,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
  type ServiceClientConstructor,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { Host } from 'etcd3/lib/connection-pool.js';

/** An etcdserverpb.SnapshotResponse. */
export interface FakeSnapshotResponse {
  readonly remaining_bytes: number;
  readonly blob: Buffer;
}

/** An etcdserverpb.WatchResponse, as far as tests need it. */
export interface FakeWatchResponse {
  readonly header?: { readonly cluster_id?: string; readonly revision: number; readonly raft_term?: string };
  readonly created?: boolean;
  readonly canceled?: boolean;
  readonly compact_revision?: number;
  readonly cancel_reason?: string;
  readonly fragment?: boolean;
  readonly events?: readonly { readonly type?: 'PUT' | 'DELETE'; readonly kv: FakeKeyValue }[];
}

/** An mvccpb.KeyValue. */
export interface FakeKeyValue {
  readonly key: Buffer;
  readonly value?: Buffer;
  readonly create_revision?: number;
  readonly mod_revision: number;
  readonly version?: number;
  readonly lease?: string;
}

/** The test's own answers to the calls. */
export interface FakeEtcdBehaviour {
  /** The etcdserverpb.StatusResponse; that of a member at revision 1 where it is left out. */
  readonly status?: object;
  readonly snapshot?: (call: ServerWritableStream<object, FakeSnapshotResponse>) => void;
  /** Called for each watch stream, with the revision it is asked to begin at. */
  readonly watch?: (call: ServerDuplexStream<object, FakeWatchResponse>, from: number) => void;
  /** How messages are compressed; left out, they are not. */
  readonly compression?: 'deflate' | 'gzip' | undefined;
}

/** A gRPC server with etcd's schema. */
export interface FakeEtcd extends AsyncDisposable {
  readonly url: string;
}

/** Starts a server that can send what no etcd would send. */
export async function startFakeEtcd(behaviour: FakeEtcdBehaviour): Promise<FakeEtcd> {
  const { status, snapshot, watch, compression } = behaviour;
  const algorithm = compression === undefined ? 0 : compression === 'deflate' ? 1 : 2;
  const server = new Server({ 'grpc.default_compression_algorithm': algorithm });
  server.addService(serviceOf('Maintenance'), {
    Status: (_call: unknown, answer: (error: null, status: object) => void) =>
      answer(null, status ?? { header: { revision: '1' }, version: '3.5.0' }),
    ...(snapshot === undefined ? {} : { Snapshot: snapshot }),
  } as UntypedServiceImplementation);
  server.addService(serviceOf('Watch'), {
    Watch: (call: ServerDuplexStream<{ create_request?: { start_revision: string } }, FakeWatchResponse>) => {
      call.on('error', () => {});
      call.once('data', ({ create_request }) => watch?.(call, Number(create_request?.start_revision)));
    },
  });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
    if (error === null) {
      resolve(port);
    } else {
      reject(error);
    }
  });
  return {
    url: `http://127.0.0.1:${await promise}`,
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  };
}

function serviceOf(name: 'Maintenance' | 'Watch'): ServiceClientConstructor['service'] {
  const host = new Host('127.0.0.1:1', credentials.createInsecure());
  const client = host.getServiceClient(name);
  host.close();
  return (client.constructor as ServiceClientConstructor).service;
}
