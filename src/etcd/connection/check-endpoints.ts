import type { RunContext } from '../../runtime/run-context.ts';
import type { MemberStatus } from '../cluster.ts';
import { clusterIdText } from '../cluster-history.ts';
import { EtcdFailure } from '../etcd-failure.ts';
import { askStatus } from '../rpc/member-status.ts';
import type { ClusterPools } from './cluster-pools.ts';

/** How long the start waits for an endpoint when another one has answered, ms. */
const patienceMs = 5_000;

/**
 * Asks every endpoint which cluster it belongs to, when there are several. Warns of those that cannot be used.
 * Throws an {@link EtcdFailure} `etcd_options` when they belong to different clusters.
 */
export async function checkEndpoints(
  { endpoints, anyMember }: ClusterPools,
  { signal, timeoutMs }: Pick<RunContext, 'signal'> & { readonly timeoutMs: number },
): Promise<void> {
  const pools = endpoints === anyMember ? [endpoints] : [endpoints, anyMember];
  if (pools.every(({ size }) => size === 1) && pools.length === 1) {
    return;
  }
  const call = { action: 'ask the status of', signal, timeoutMs: Math.min(timeoutMs, patienceMs) };
  const asked = pools.flatMap((pool) =>
    pool.members.map(async (member) => {
      try {
        return await pool.at(member, call, askStatus);
      } catch (error) {
        signal.throwIfAborted();
        pool.passOver(member, error);
        return undefined;
      }
    }),
  );
  refuseMixed((await Promise.all(asked)).filter((status) => status !== undefined));
}

/** Throws an {@link EtcdFailure} `etcd_options` when members belong to different clusters. */
export function refuseMixed(statuses: readonly Pick<MemberStatus, 'endpoint' | 'clusterId'>[]): void {
  const clusters = Map.groupBy(statuses, ({ clusterId }) => clusterId);
  if (clusters.size <= 1) {
    return;
  }
  const found = Array.from(clusters, ([id, members]) => {
    const urls = [...new Set(members.map(({ endpoint }) => endpoint))];
    return `${urls.join(', ')} to cluster ${clusterIdText(id)}`;
  });
  throw new EtcdFailure({
    code: 'etcd_options',
    action: 'use the endpoints of',
    object: 'different clusters',
    found: `${found.join(', ')}`.replace(/ to cluster/, ' belongs to cluster'),
    remedy: 'give --endpoints and --service-endpoints of one cluster',
  });
}
