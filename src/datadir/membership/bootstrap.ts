import type { InitialCluster } from './initial-cluster.ts';
import { InvalidMembership } from './invalid-membership.ts';
import { type BootstrapMember, bootstrapMember, clusterId, formatId, memberJson, sortById } from './member.ts';
import { type PeerUrl, peerAddress } from './peer-url.ts';

/** The member to create and its cluster, named as in etcd's flags. */
export interface MembershipPlan {
  readonly name: string;
  readonly initialCluster: InitialCluster;
  readonly initialClusterToken: string;
  readonly initialAdvertisePeerUrls: readonly PeerUrl[];
}

/** One record of a bucket of the db. */
export interface BucketEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** A new cluster, as one of its members has it in db, WAL and .snap file. */
export interface ClusterBootstrap {
  /** Id of the member whose files are written. */
  readonly self: bigint;
  readonly clusterId: bigint;
  /** In ascending order of their ids. */
  readonly members: readonly BootstrapMember[];
  /**
   * Records of the db in ascending key order, by bucket. `members`, `members_removed` and `alarm` are replaced whole; the records of
   * `meta` are set, its other records stay. Other buckets stay as they are, `cluster` too: from the version in it etcd 3.6 and
   * newer know what the data may contain.
   */
  readonly bucketEntries: ReadonlyMap<string, readonly BucketEntry[]>;
}

/** Term of all log entries of a new cluster. */
export const BOOTSTRAP_TERM = 1;

/** Buckets of {@link ClusterBootstrap.bucketEntries} that are replaced whole. */
export const REPLACED_BUCKETS: readonly string[] = ['members', 'members_removed', 'alarm'];

/**
 * Plans a new cluster as `etcdutl snapshot restore` does. The ids follow from peer URLs and token alone, so each member can be
 * restored on its own. Throws {@link InvalidMembership} when the options contradict each other.
 */
export function planMembership(plan: MembershipPlan): ClusterBootstrap {
  const cluster = plan.initialCluster;
  const own = cluster.get(plan.name);
  if (own === undefined) {
    const known = [...cluster.keys()].filter((name) => /^[\w.-]{1,100}$/.test(name)).join(', ');
    throw new InvalidMembership('name', plan.name, `--initial-cluster names only ${known}`);
  }
  checkAdvertised(plan, own);
  const members = sortById(
    Array.from(cluster, ([name, urls]) => bootstrapMember(name, urls, plan.initialClusterToken)),
  );
  return {
    self: bootstrapMember(plan.name, own, plan.initialClusterToken).id,
    clusterId: clusterId(members),
    members,
    bucketEntries: new Map([
      ['members', memberEntries(members)],
      ['members_removed', []],
      ['meta', metaEntries(members)],
    ]),
  };
}

function checkAdvertised(plan: MembershipPlan, own: readonly PeerUrl[]): void {
  const advertised = plan.initialAdvertisePeerUrls;
  if (advertised.length === 0) {
    throw new InvalidMembership('initial-advertise-peer-urls', '', 'it is empty');
  }
  const places = (urls: readonly PeerUrl[]): string => urls.map(peerAddress).sort().join(',');
  if (places(advertised) !== places(own)) {
    const reason = `--initial-cluster has ${own.join(',')} for this member; both have to name the same addresses`;
    throw new InvalidMembership('initial-advertise-peer-urls', advertised.join(','), reason);
  }
}

function memberEntries(members: readonly BootstrapMember[]): readonly BucketEntry[] {
  return members
    .map((member) => ({ key: formatId(member.id), value: memberJson(member) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map((entry) => ({ key: Buffer.from(entry.key), value: Buffer.from(entry.value) }));
}

/**
 * The log begins with one entry for each member, already applied. etcd 3.5 needs the term next to the index and takes the voters
 * from `confState` when it writes its next snapshot; 3.4 ignores both.
 */
function metaEntries(members: readonly BootstrapMember[]): readonly BucketEntry[] {
  const voters = members.map((member) => member.id).join(',');
  return [
    { key: Buffer.from('confState'), value: Buffer.from(`{"voters":[${voters}],"auto_leave":false}`) },
    { key: Buffer.from('consistent_index'), value: bigEndian(members.length) },
    { key: Buffer.from('term'), value: bigEndian(BOOTSTRAP_TERM) },
  ];
}

function bigEndian(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
