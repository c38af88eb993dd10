import type { EtcdCluster, MemberStatus } from '../../etcd/cluster.ts';
import { Failure } from '../../runtime/failure.ts';

/** The ids of two clusters that are not the same. */
export interface OtherCluster {
  /** Of the one that keys come from. */
  readonly from: bigint;
  /** Of the one that they would be written to. */
  readonly to: bigint;
}

/** A cluster that states its id. */
export interface KnownCluster extends Pick<EtcdCluster, 'location'> {
  status(options: { readonly signal: AbortSignal }): Promise<Pick<MemberStatus, 'clusterId'>>;
}

/**
 * Whether keys come from another cluster than the one they are written to; undefined when not, and when the id of the first is not
 * known. Throws what etcd says.
 */
export async function otherCluster(
  from: bigint | undefined,
  cluster: Pick<KnownCluster, 'status'>,
  call: { readonly signal: AbortSignal },
): Promise<OtherCluster | undefined> {
  if (from === undefined) {
    return undefined;
  }
  const { clusterId: to } = await cluster.status(call);
  return to === from ? undefined : { from, to };
}

/** In words. */
export function otherClusterText({ from, to }: OtherCluster): string {
  return `the keys are of the cluster ${from.toString(16)}, and this one is ${to.toString(16)}`;
}

/** The failure of a run that has no leave to write to another cluster; `consequence` is what follows from it. */
export function otherClusterFailure(
  found: OtherCluster,
  { location }: Pick<KnownCluster, 'location'>,
  consequence: string,
): Failure {
  return new Failure({
    code: 'apply_other_cluster',
    action: 'write keys to',
    object: location,
    found: `${otherClusterText(found)}; ${consequence}`,
    remedy:
      'check --endpoints; give --other-cluster where it is meant, as for a cluster that was restored, which has a new id',
  });
}
