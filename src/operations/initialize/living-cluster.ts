import type { MembershipPlan } from '../../datadir/membership/bootstrap.ts';
import type { EtcdConnectionOptions } from '../../etcd/cluster.ts';
import { openConnection } from '../../etcd/connect.ts';
import { EtcdFailure } from '../../etcd/etcd-failure.ts';
import type { ClusterMember, MemberListCall } from '../../etcd/members.ts';
import { askPeer, type PeerAnswer, type PeerMember } from '../../etcd/peer-members.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { findOwnMember } from './find-own-member.ts';
import type { PlaceInCluster } from './place-in-cluster.ts';

/** How long each endpoint may take to answer, ms. */
const ANSWER_MS = 5_000;

/** Whom to ask, and about whom. */
export interface ClusterSearch {
  readonly member: MembershipPlan;
  readonly connection: EtcdConnectionOptions;
}

/**
 * Asks whether the cluster that a member belongs to is alive: at the given endpoints, and at the client URLs that the other members give at
 * their peer URLs. A member of a living cluster must not be restored alone: it would contradict what it has promised to the others. Throws
 * a {@link Failure} `cluster_alive` when something answers that cannot be asked.
 *
 * An etcd answers clients only when its cluster has a leader, or had one; so members that wait for each other do not count.
 */
export async function placeInCluster(
  search: ClusterSearch,
  context: RunContext,
  { action, dataDir }: { readonly action: string; readonly dataDir: string },
): Promise<PlaceInCluster> {
  const { member, connection } = search;
  const asked = await clientUrls(search, context);
  const answers = await Promise.all(asked.urls.map((url) => ask(url, connection, context)));
  const ours = ourPeerUrls(member);
  const isOurs = (members: readonly { readonly peerUrls: readonly string[] }[]): boolean =>
    members.some(({ peerUrls }) => overlap(peerUrls, ours));
  const living = answers.filter((answer) => answer.kind === 'members' && isOurs(answer.members));
  const [found] = living;
  if (found?.kind === 'members') {
    return placeIn(found.members, { member, urls: living.map(({ url }) => url) });
  }
  const closed = answers.find((answer) => answer.kind === 'closed' && !asked.assumed.has(answer.url));
  if (closed?.kind === 'closed') {
    throw new Failure({
      code: 'cluster_alive',
      action,
      object: dataDir,
      found: `an etcd answers at ${closed.url}, and whether it is the cluster of ${member.name} cannot be found out: ${closed.failure.message}`,
      remedy: 'give --endpoints, and user and certificates if it wants them; nothing was changed',
      cause: closed.failure,
    });
  }
  // Members publish their client URLs once they have a leader: one that has those of others is no restored etcd that waits.
  const remains = [
    ...answers.filter((answer) => answer.kind === 'without a leader' && isOurs(answer.members)).map(({ url }) => url),
    ...asked.peers.filter((peer) => peer.hasBegun && isOurs(peer.members)).map(({ url }) => url),
  ];
  if (remains.length > 0) {
    const remembered = `a member of its cluster answers (${remains.join(', ')})`;
    return { kind: 'unreachable', failure: undefined, remembered };
  }
  for (const { url } of asked.peers) {
    context.log.warn(
      `Something answers at the peer URL ${url}, but no cluster with a leader at any client URL that is known; if it was restored from this backup as well, go on; if it is what is left of the old cluster, do not start ${member.name} next to it: bring it back to a quorum, or stop it and restore all members`,
    );
  }
  return { kind: 'unreachable', failure: undefined, remembered: undefined };
}

function placeIn(
  members: readonly ClusterMember[],
  { member, urls }: { readonly member: MembershipPlan; readonly urls: readonly string[] },
): PlaceInCluster {
  const cluster = { clusterId: undefined, memberIds: members.map(({ id }) => id), urls };
  const self = findOwnMember(members, { name: member.name, peerUrls: member.initialAdvertisePeerUrls });
  return self === undefined
    ? { kind: 'unknown to it', ...cluster }
    : { kind: self.name === undefined ? 'awaited' : 'member', memberId: self.id, ...cluster };
}

interface Candidates {
  readonly urls: readonly string[];
  /** Endpoints when none is given: etcd's usual address on this machine. */
  readonly assumed: ReadonlySet<string>;
  /** What answers at peer URLs of other members. */
  readonly peers: readonly AnsweringPeer[];
}

interface AnsweringPeer {
  readonly url: string;
  /** None where it does not say. */
  readonly members: readonly PeerMember[];
  /** Whether the members that it lists have ever had a leader. */
  readonly hasBegun: boolean;
}

async function clientUrls({ member, connection }: ClusterSearch, { signal }: RunContext): Promise<Candidates> {
  const others = ourPeerUrls(member).filter(
    (url) => /^https?:/.test(url) && !(member.initialAdvertisePeerUrls as readonly string[]).includes(url),
  );
  const answers = await Promise.all(
    others.map(async (url) => ({ url, answer: await askPeer(url, { tls: connection, timeoutMs: ANSWER_MS, signal }) })),
  );
  const published = answers.flatMap(({ answer }) =>
    answer.kind === 'members' ? answer.members.flatMap(({ clientUrls }) => clientUrls) : [],
  );
  const given = [...connection.endpoints, ...connection.serviceEndpoints];
  return {
    urls: [...new Set([...given, ...published.filter((url) => /^https?:/.test(url))])],
    assumed: new Set(['http://127.0.0.1:2379']),
    peers: answers.flatMap(({ url, answer }) => (answer.kind === 'silent' ? [] : [answeringPeer(url, answer)])),
  };
}

function answeringPeer(url: string, answer: Exclude<PeerAnswer, { readonly kind: 'silent' }>): AnsweringPeer {
  const members = answer.kind === 'members' ? answer.members : [];
  return { url, members, hasBegun: members.some(({ clientUrls: urls }) => urls.length > 0) };
}

type Answer = { readonly url: string } & (
  | { readonly kind: 'members'; readonly members: readonly ClusterMember[] }
  /** It answers as one that has no quorum. */
  | { readonly kind: 'without a leader'; readonly members: readonly ClusterMember[] }
  /** It answers, but not this. */
  | { readonly kind: 'closed'; readonly failure: EtcdFailure }
  | { readonly kind: 'silent' }
);

async function ask(url: string, options: EtcdConnectionOptions, context: RunContext): Promise<Answer> {
  const { signal } = context;
  await using connection = await openConnection({ ...options, endpoints: [url], serviceEndpoints: [] }, context);
  const timeoutMs = Math.min(ANSWER_MS, options.connectionTimeoutMs);
  const list = async (as: MemberListCall['as']): Promise<readonly ClusterMember[] | EtcdFailure> => {
    try {
      return await connection.members.list({ signal, timeoutMs, ...(as === undefined ? {} : { as }) });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof EtcdFailure) {
        return error;
      }
      throw error;
    }
  };
  const found = await list('a quorum has it');
  if (!(found instanceof EtcdFailure)) {
    return { url, kind: 'members', members: found };
  }
  if (!found.isTransient) {
    return { url, kind: 'closed', failure: found };
  }
  const own = await list('the member has it');
  return own instanceof EtcdFailure ? { url, kind: 'silent' } : { url, kind: 'without a leader', members: own };
}

function ourPeerUrls({ initialCluster }: MembershipPlan): readonly string[] {
  return [...initialCluster.values()].flat();
}

function overlap(some: readonly string[], others: readonly string[]): boolean {
  return some.some((url) => others.includes(url));
}
