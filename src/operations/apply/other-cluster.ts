import type { EtcdCluster, MemberStatus } from '../../etcd/cluster.ts';
import { EtcdFailure } from '../../etcd/etcd-failure.ts';
import type { ClusterMember, ClusterMembers } from '../../etcd/members.ts';
import { Failure } from '../../runtime/failure.ts';

/** What a backup says of the cluster that it is of. */
export interface BackedUpCluster {
  /** Undefined where nothing says it. */
  readonly clusterId: bigint | undefined;
  /** Of its members, where the id of the cluster is not known. */
  readonly memberIds: readonly bigint[];
}

/** What says that keys come from another cluster than the one they would be written to. */
export type OtherCluster =
  /** The ids of both. */
  | { readonly kind: 'ids'; readonly from: bigint; readonly to: bigint }
  /** None of the members in the backup is one of the cluster. */
  | { readonly kind: 'members'; readonly from: readonly bigint[]; readonly to: readonly bigint[] };

/** A cluster that states its id. */
export interface KnownCluster extends Pick<EtcdCluster, 'location'> {
  status(options: { readonly signal: AbortSignal }): Promise<Pick<MemberStatus, 'clusterId'>>;
}

/** A cluster that states its members. */
export interface KnownMembers {
  list(call: Parameters<ClusterMembers['list']>[0]): Promise<readonly Pick<ClusterMember, 'id'>[]>;
}

/**
 * Whether keys come from another cluster than the one they are written to; undefined when not, and when that is not known. Throws what
 * etcd says.
 */
export async function otherCluster(
  { clusterId: from, memberIds }: BackedUpCluster,
  { cluster, members }: { readonly cluster: Pick<KnownCluster, 'status'>; readonly members: KnownMembers },
  { signal }: { readonly signal: AbortSignal },
): Promise<OtherCluster | undefined> {
  if (from !== undefined) {
    const { clusterId: to } = await cluster.status({ signal });
    return to === from ? undefined : { kind: 'ids', from, to };
  }
  if (memberIds.length === 0) {
    return undefined;
  }
  const known = await membersOf(members, signal);
  return known.length === 0 || known.some((id) => memberIds.includes(id))
    ? undefined
    : { kind: 'members', from: memberIds, to: known };
}

/** In words. */
export function otherClusterText(found: OtherCluster): string {
  switch (found.kind) {
    case 'ids':
      return `the keys are of the cluster ${found.from.toString(16)}, and this one is ${found.to.toString(16)}`;
    case 'members':
      return `the keys are of a cluster with the members ${listed(found.from)}, and this one has ${listed(found.to)}`;
    default:
      return found satisfies never;
  }
}

/** The failure of a run that may not write to another cluster; `consequence` is what follows from it. */
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

/** None where the user may not see them. */
async function membersOf(members: KnownMembers, signal: AbortSignal): Promise<readonly bigint[]> {
  try {
    return (await members.list({ signal, as: 'the member has it' })).map(({ id }) => id);
  } catch (error) {
    if (error instanceof EtcdFailure && error.code === 'etcd_auth') {
      return [];
    }
    throw error;
  }
}

function listed(ids: readonly bigint[]): string {
  const shown = ids.slice(0, 7).map((id) => id.toString(16));
  return `${shown.join(', ')}${ids.length > shown.length ? ' and others' : ''}`;
}
