import { EtcdFailure } from '../../etcd/etcd-failure.ts';
import type { ClusterMember } from '../../etcd/members.ts';
import { findOwnMember } from '../../operations/initialize/find-own-member.ts';
import type { PlaceInCluster } from '../../operations/initialize/place-in-cluster.ts';
import { inAttempts } from '../../runtime/async/attempts.ts';
import { Failure } from '../../runtime/failure.ts';
import {
  type ClusterAccess,
  type MemberAndPeers,
  type MemberContext,
  oncePolicy,
  patientPolicy,
} from './cluster-access.ts';
import { rememberedMember } from './remembered-member.ts';

/** How long each member may take to answer, ms. */
const ANSWER_MS = 5_000;

/**
 * Finds our member in its cluster: first a read that a quorum confirms, so that the list of a member that lags does not count, then
 * the list. Silence is a result, after four attempts where the caller insists; anything else that goes wrong is thrown, since what
 * refuses to answer is alive.
 */
export async function findPlace(
  access: ClusterAccess,
  { insists }: { readonly insists: boolean },
  context: MemberContext,
): Promise<PlaceInCluster> {
  const { cluster, members, urls, random } = access;
  const { signal, clock } = context;
  const own = await access.own();
  const ask = async (): Promise<PlaceInCluster> => {
    const { clusterId } = await cluster.position({ signal });
    const list = await members.list({ signal, timeoutMs: ANSWER_MS });
    const self = findOwnMember(list, own);
    if (self === undefined && !list.some((member) => isConfigured(member, own))) {
      throw new Failure({
        code: 'wrong_member',
        action: 'find',
        object: `the cluster of ${own.name}`,
        found: `what answers at ${urls.join(', ')} has none of the members that etcd's configuration names`,
        remedy: 'correct --service-endpoints or --endpoints, or the configuration. Nothing was changed',
      });
    }
    const answering = { clusterId, memberIds: list.map(({ id }) => id), urls };
    return self === undefined
      ? { kind: 'unknown to it', ...answering }
      : { kind: self.name === undefined ? 'awaited' : 'member', memberId: self.id, ...answering };
  };
  const policy = insists ? patientPolicy : oncePolicy;
  try {
    const place = await inAttempts(ask, {
      policy,
      clock,
      signal,
      random,
      delayAfter: (error) => (isSilence(error) ? 0 : undefined),
    });
    // What is concluded from an absence is worth a second look.
    return place.kind === 'unknown to it' ? await ask() : place;
  } catch (error) {
    signal.throwIfAborted();
    if (!isSilence(error)) {
      throw error;
    }
    return {
      kind: 'unreachable',
      failure: error,
      remembered: insists ? await rememberedMember(access, own, context) : undefined,
    };
  }
}

/** Whether it is one of the other members of our cluster, by its name or one of its addresses. */
function isConfigured({ name, peerUrls }: ClusterMember, { otherNames, otherPeerUrls }: MemberAndPeers): boolean {
  return (name !== undefined && otherNames.includes(name)) || peerUrls.some((url) => otherPeerUrls.includes(url));
}

function isSilence(error: unknown): error is EtcdFailure {
  return error instanceof EtcdFailure && error.isTransient;
}
