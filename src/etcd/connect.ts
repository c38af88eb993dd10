import type { RunContext } from '../runtime/run-context.ts';
import type { EtcdCluster, EtcdConnectionOptions } from './cluster.ts';
import { parseEndpoint } from './connection/endpoint.ts';
import type { MemberPool as Pool } from './connection/member-pool.ts';
import { TransportSecuritySource } from './connection/transport-security.ts';

/**
 * Reaches an etcd cluster: reads the PEM files, logs in and waits until one endpoint has answered.
 * Throws an EtcdFailure that names endpoint, reason and remedy; never takes longer than
 * `connectionTimeoutMs` (and a few seconds to find the reason) for each endpoint. gRPC is loaded here and not before.
 */
export async function connect(
  options: EtcdConnectionOptions,
  context: Pick<RunContext, 'signal' | 'clock' | 'log'>,
): Promise<EtcdCluster> {
  const { signal, clock, log } = context;
  const security = await TransportSecuritySource.open(options, log);
  const { ca, identity } = await security.current();
  const usesTls = ca !== undefined || identity !== undefined || !options.insecureTransport;
  const [{ Member }, { MemberPool }, { Login }, { LiveCluster }] = await Promise.all([
    import('./connection/member.ts'),
    import('./connection/member-pool.ts'),
    import('./connection/login.ts'),
    import('./live-cluster.ts'),
  ]);
  const login = new Login(
    options.username === undefined || options.password === undefined
      ? undefined
      : { username: options.username, password: options.password },
  );
  const poolOf = (urls: readonly string[]): Pool => {
    const endpoints = urls.map((url) => parseEndpoint(url, { assumeSecure: usesTls }));
    const members = endpoints.map((endpoint) => new Member(endpoint, { security, clock }));
    return new MemberPool(members, { login, loginTimeoutMs: options.connectionTimeoutMs });
  };
  const members = poolOf(options.endpoints);
  const anyMember = options.serviceEndpoints.length > 0 ? poolOf(options.serviceEndpoints) : members;
  const cluster = new LiveCluster({ members, anyMember }, options, { clock, log });
  try {
    const { endpoint, version } = await cluster.status({ signal });
    log.debug({ endpoint, version }, 'Connected to etcd');
    return cluster;
  } catch (error) {
    cluster.close();
    throw error;
  }
}
