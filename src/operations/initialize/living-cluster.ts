import type { MembershipPlan } from '../../datadir/membership/bootstrap.ts';
import type { EtcdConnectionOptions } from '../../etcd/cluster.ts';
import { openConnection } from '../../etcd/connect.ts';
import { EtcdFailure } from '../../etcd/etcd-failure.ts';
import type { ClusterMember } from '../../etcd/members.ts';
import { askPeer } from '../../etcd/peer-members.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';

/** How long each endpoint may take to answer, ms. */
const ANSWER_MS = 5_000;

/** Whom to ask, and about whom. */
export interface ClusterSearch {
  readonly member: MembershipPlan;
  readonly connection: EtcdConnectionOptions;
}

/** What a living cluster makes of a member. */
export type PlaceInCluster =
  /** No cluster with these members answers. */
  | { readonly kind: 'no cluster' }
  /** It was added and has not started yet: it gets everything from its leader, and has to begin with nothing. */
  | { readonly kind: 'awaited' };

/**
 * Asks whether the cluster that a member belongs to is alive: at the given endpoints, and at the client URLs that the other
 * members tell at their peer URLs. A member of a living cluster must not be restored alone: it would contradict
 * what it has promised to the others. Throws a {@link Failure} `cluster_alive`, with the commands to use instead.
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
    const self = found.members.find(({ peerUrls }) => overlap(peerUrls, member.initialAdvertisePeerUrls));
    if (self !== undefined && self.name === undefined) {
      return { kind: 'awaited' };
    }
    throw alive({ action, dataDir, self, member, urls: living.map(({ url }) => url) });
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
      `Something answers at the peer URL ${url}, but no cluster with a leader at any client URL that is known`,
    );
  }
  return { kind: 'no cluster' };
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
  const told = answers.flatMap(({ answer }) =>
    answer.kind === 'members' ? answer.members.flatMap(({ clientUrls }) => clientUrls) : [],
  );
  const given = [...connection.endpoints, ...connection.serviceEndpoints];
  return {
    urls: [...new Set([...given, ...told.filter((url) => /^https?:/.test(url))])],
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

function alive(found: {
  readonly action: string;
  readonly dataDir: string;
  readonly self: ClusterMember | undefined;
  readonly member: MembershipPlan;
  readonly urls: readonly string[];
}): Failure {
  const { self, member, urls } = found;
  const etcdctl = `etcdctl --endpoints=${urls.join(',')} member`;
  const remove = self === undefined ? '' : `\`${etcdctl} remove ${self.id.toString(16)}\`, then `;
  const add = `\`${etcdctl} add ${member.name} --learner --peer-urls=${member.initialAdvertisePeerUrls.join(',')}\``;
  return new Failure({
    code: 'cluster_alive',
    action: found.action,
    object: found.dataDir,
    found: `its cluster is alive (${urls.join(', ')}), and ${member.name} restored alone would contradict what it has agreed to`,
    remedy: `run ${remove}${add}, then this again and etcd with --initial-cluster-state=existing, and at last \`${etcdctl} promote ID\`. Nothing was changed`,
  });
}
