import type { RunContext } from '../runtime/run-context.ts';
import type { EtcdCluster, EtcdConnectionOptions } from './cluster.ts';
import { parseEndpoint } from './connection/endpoint.ts';
import type { MemberPool as Pool } from './connection/member-pool.ts';
import { TransportSecuritySource } from './connection/transport-security.ts';
import type { ClusterKeys } from './keys.ts';
import type { ClusterMembers } from './members.ts';

/** A cluster, its membership and its keys over the same connections. They are open until all are disposed of; disposing this does that. */
export interface EtcdConnection extends AsyncDisposable {
  readonly cluster: EtcdCluster;
  readonly members: ClusterMembers;
  readonly keys: ClusterKeys;
  /**
   * Asks every endpoint for its cluster and warns of those that cannot be used. Throws an EtcdFailure `etcd_options` when they
   * belong to different clusters.
   */
  checkEndpoints(options: Pick<RunContext, 'signal'>): Promise<void>;
}

/**
 * Reads the PEM files and prepares connections; nothing is sent before the first call. gRPC is loaded here and not before.
 * Throws an EtcdFailure `etcd_options` for files and endpoints that cannot be used.
 */
export async function openConnection(
  options: EtcdConnectionOptions,
  { clock, log }: Pick<RunContext, 'clock' | 'log'>,
): Promise<EtcdConnection> {
  const security = await TransportSecuritySource.open(options, log);
  const { ca, identity } = await security.current();
  const usesTls = ca !== undefined || identity !== undefined || !options.insecureTransport;
  const [
    { MemberClient },
    { MemberPool },
    { ClusterPools },
    { Login },
    { LiveCluster },
    { LiveMembers },
    { LiveKeys },
    { checkEndpoints },
  ] = await Promise.all([
    import('./connection/member-client.ts'),
    import('./connection/member-pool.ts'),
    import('./connection/cluster-pools.ts'),
    import('./connection/login.ts'),
    import('./live-cluster.ts'),
    import('./live-members.ts'),
    import('./live-keys.ts'),
    import('./connection/check-endpoints.ts'),
  ]);
  const login = new Login(
    options.username === undefined || options.password === undefined
      ? undefined
      : { username: options.username, password: options.password },
  );
  const poolOf = (urls: readonly string[]): Pool => {
    const addresses = urls.map((url) => parseEndpoint(url, { assumeSecure: usesTls }));
    const members = addresses.map((endpoint) => new MemberClient(endpoint, { security, clock }));
    return new MemberPool(members, { login, loginTimeoutMs: options.connectionTimeoutMs, log });
  };
  const endpoints = poolOf(options.endpoints);
  const anyMember = options.serviceEndpoints.length > 0 ? poolOf(options.serviceEndpoints) : endpoints;
  const pools = new ClusterPools({ endpoints, anyMember });
  const cluster = new LiveCluster(pools, options, { clock, log });
  const members = new LiveMembers(pools, options);
  const keys = new LiveKeys(pools, options);
  return {
    cluster,
    members,
    keys,
    checkEndpoints: ({ signal }) => checkEndpoints(pools, { signal, timeoutMs: options.connectionTimeoutMs }),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([cluster[Symbol.asyncDispose](), members[Symbol.asyncDispose](), keys[Symbol.asyncDispose]()]);
    },
  };
}

/**
 * Opens a connection as {@link openConnection} does, logs in, waits until one endpoint has answered and checks the others.
 * Throws an EtcdFailure that names endpoint, reason and remedy, also when endpoints belong to different clusters; never takes
 * longer than `connectionTimeoutMs` (and a few seconds to find the reason) for each endpoint.
 */
export async function connect(
  options: EtcdConnectionOptions,
  { signal, clock, log }: Pick<RunContext, 'signal' | 'clock' | 'log'>,
): Promise<EtcdConnection> {
  await using stack = new AsyncDisposableStack();
  const connection = stack.use(await openConnection(options, { clock, log }));
  const { endpoint, version } = await connection.cluster.status({ signal });
  log.debug({ endpoint, version }, 'Connected to etcd');
  await connection.checkEndpoints({ signal });
  stack.move();
  return connection;
}
