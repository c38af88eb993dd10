import type { RunContext } from '../runtime/run-context.ts';
import type { EtcdCluster, EtcdConnectionOptions } from './cluster.ts';
import { parseEndpoint } from './endpoint.ts';
import { loadTransportSecurity } from './transport-security.ts';

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
  const security = await loadTransportSecurity(options);
  const usesTls = security.ca !== undefined || security.identity !== undefined || !options.insecureTransport;
  const urls = options.serviceEndpoints.length > 0 ? options.serviceEndpoints : options.endpoints;
  const endpoints = urls.map((url) => parseEndpoint(url, { assumeSecure: usesTls }));
  const [{ Member }, { MemberPool }, { Login }, { LiveCluster }] = await Promise.all([
    import('./member.ts'),
    import('./member-pool.ts'),
    import('./login.ts'),
    import('./live-cluster.ts'),
  ]);
  const login = new Login(
    options.username === undefined || options.password === undefined
      ? undefined
      : { username: options.username, password: options.password },
  );
  const members = endpoints.map((endpoint) => new Member(endpoint, { security, clock }));
  const pool = new MemberPool(members, { login, loginTimeoutMs: options.connectionTimeoutMs });
  const cluster = new LiveCluster(pool, options, { clock, log });
  try {
    const { endpoint, version } = await cluster.status({ signal });
    log.debug({ endpoint, version }, 'Connected to etcd');
    return cluster;
  } catch (error) {
    cluster.close();
    throw error;
  }
}
