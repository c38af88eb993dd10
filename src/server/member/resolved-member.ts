import type { MembershipPlan } from '../../datadir/membership/bootstrap.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { configuredMember, membershipPlan } from '../etcd-config/configured-member.ts';
import { readEtcdConfig } from '../etcd-config/read-etcd-config.ts';
import type { MemberAndPeers } from './cluster-access.ts';

/** Where it is said who our member is. */
export interface MemberSources {
  /** Path of etcd's own configuration file. */
  readonly etcdConfigFile: string;
  readonly podName: string | undefined;
  /** Our member by the flags, or their defaults. */
  readonly flags: MembershipPlan;
  /** Whether a flag says anything about the member. */
  readonly flagsGiven: boolean;
}

/** Who our member is. */
export interface ResolvedMember {
  readonly plan: MembershipPlan;
  /** How many members there are. */
  readonly members: number;
}

/**
 * Our member: by the flags where they are given, else by etcd's configuration and the name of the pod, else by the defaults of the
 * flags. A single member that its configuration does not show clearly is that of the flags, with a warning; one of several is
 * refused with a {@link Failure}, as it must not be taken for another.
 */
export async function resolvedMember(
  { etcdConfigFile, podName, flags, flagsGiven }: MemberSources,
  { log }: Pick<RunContext, 'log'>,
): Promise<ResolvedMember> {
  const byFlags = { plan: flags, members: flags.initialCluster.size };
  if (flagsGiven && byFlags.members > 1) {
    return byFlags;
  }
  const config = await readEtcdConfig(etcdConfigFile);
  const members = config?.members ?? 1;
  if (flagsGiven || config === undefined || (members === 1 && podName === undefined)) {
    return { plan: flags, members };
  }
  try {
    return { plan: membershipPlan(config, configuredMember(config, podName)), members };
  } catch (error) {
    if (!(error instanceof Failure) || members > 1) {
      throw error;
    }
    log.warn({ error }, `A restore writes the member ${flags.name} of the flags: ${error.message}`);
    return byFlags;
  }
}

/** Our member and the peer URLs of the others. */
export function andPeers({ name, initialCluster, initialAdvertisePeerUrls }: MembershipPlan): MemberAndPeers {
  const others = [...initialCluster].filter(([other]) => other !== name);
  return {
    name,
    peerUrls: initialAdvertisePeerUrls,
    otherNames: others.map(([other]) => other),
    otherPeerUrls: others.flatMap(([, urls]) => urls),
  };
}
