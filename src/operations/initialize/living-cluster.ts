import type { MembershipPlan } from '../../datadir/membership/bootstrap.ts';
import type { EtcdConnectionOptions } from '../../etcd/cluster.ts';
import { openConnection } from '../../etcd/connect.ts';
import { EtcdFailure } from '../../etcd/etcd-failure.ts';
import type { ClusterMember } from '../../etcd/members.ts';
import { askPeer } from '../../etcd/peer-members.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { findSelf } from './find-self.ts';
import type { PlaceInCluster } from './place-in-cluster.ts';

/** How long each endpoint may take to answer, ms. */
const ANSWER_MS = 5_000;

/** Whom to ask, and about whom. */
export interface ClusterSearch {
  readonly member: MembershipPlan;
  readonly connection: EtcdConnectionOptions;
}

/**
 * Asks whether the cluster that a member belongs to is alive: at the given endpoints, and at the client URLs that the other
 * members tell at their peer URLs. A member of a living cluster must not be restored alone: it would contradict
 * what it has promised to the others. Throws a {@link Failure} `cluster_alive` when something answers that cannot be asked.
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
  const living = answers.filter(
    (answer) => answer.kind === 'members' && answer.members.some(({ peerUrls }) => overlap(peerUrls, ours)),
  );
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
  for (const url of asked.peers) {
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
  const self = findSelf(members, { name: member.name, peerUrls: member.initialAdvertisePeerUrls });
  return self === undefined
    ? { kind: 'unknown to it', ...cluster }
    : { kind: self.name === undefined ? 'awaited' : 'member', memberId: self.id, ...cluster };
}

interface Candidates {
  readonly urls: readonly string[];
  /** Those that nobody gave: etcd's usual address on this machine. */
  readonly assumed: ReadonlySet<string>;
  /** Peer URLs of other members at which something answers. */
  readonly peers: readonly string[];
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
    peers: answers.filter(({ answer }) => answer.kind !== 'silent').map(({ url }) => url),
  };
}

type Answer = { readonly url: string } & (
  | { readonly kind: 'members'; readonly members: readonly ClusterMember[] }
  /** It answers, but not this. */
  | { readonly kind: 'closed'; readonly failure: EtcdFailure }
  | { readonly kind: 'silent' }
);

async function ask(url: string, options: EtcdConnectionOptions, context: RunContext): Promise<Answer> {
  const { signal } = context;
  await using connection = await openConnection({ ...options, endpoints: [url], serviceEndpoints: [] }, context);
  try {
    const timeoutMs = Math.min(ANSWER_MS, options.connectionTimeoutMs);
    return { url, kind: 'members', members: await connection.members.list({ signal, timeoutMs }) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof EtcdFailure)) {
      throw error;
    }
    return error.isTransient ? { url, kind: 'silent' } : { url, kind: 'closed', failure: error };
  }
}

function ourPeerUrls({ initialCluster }: MembershipPlan): readonly string[] {
  return [...initialCluster.values()].flat();
}

function overlap(some: readonly string[], others: readonly string[]): boolean {
  return some.some((url) => others.includes(url));
}
