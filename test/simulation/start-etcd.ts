import { planMembership } from '../../src/datadir/membership/bootstrap.ts';
import { parseInitialCluster } from '../../src/datadir/membership/initial-cluster.ts';
import { goldenRevision } from '../support/etcd/scripted-cluster.ts';
import type { EtcdConfiguration } from './etcd-configuration.ts';
import type { ModelCluster } from './model-cluster.ts';
import type { ModelMember } from './model-member.ts';

/** What an etcd is started with. */
export interface EtcdStart {
  readonly cluster: ModelCluster;
  readonly member: ModelMember;
  readonly configuration: EtcdConfiguration;
  /** The document that a sidecar gave. */
  readonly document: string;
  /** Hears of a cluster that begins although there is one, or was one. */
  onSecondCluster(what: string): void;
  /** Hears of a cluster of one that begins with nothing although it was there before. */
  onLostCluster(): void;
}

/** Starts the etcd of a member as etcd itself does it. Returns why it ends at once; undefined when it runs. */
export function startEtcd(start: EtcdStart): string | undefined {
  const { cluster, member, configuration } = start;
  const refusal = member.disk === undefined ? startAnew(start) : startAgain(start);
  if (refusal === undefined) {
    member.peerUrl = configuration.peerUrlOf(member.name);
    const { disk } = member;
    const entry = cluster.list.of(disk?.id);
    if (entry !== undefined && entry.clientUrls.length === 0) {
      cluster.list.started(entry.id, member.name, `http://${member.name}:2379`);
    }
    cluster.started(member);
  }
  return refusal;
}

function startAgain({ cluster, member }: EtcdStart): string | undefined {
  if (member.disk?.health !== 'sound') {
    return `its files are damaged (${member.disk?.health})`;
  }
  return cluster.list.of(member.disk.id) === undefined && others(cluster, member).length > 0
    ? 'the member has been removed from the cluster'
    : undefined;
}

function startAnew(start: EtcdStart): string | undefined {
  const { cluster, member, document } = start;
  const value = (key: string): string => new RegExp(`^${key}: (.*)$`, 'm').exec(document)?.[1] ?? '';
  const urls = parseInitialCluster(value('initial-cluster'));
  return value('initial-cluster-state') === 'existing'
    ? join(cluster, member, { start, urls })
    : begin(start, urls.size);
}

/** Joins a cluster that has been told of it. */
function join(
  cluster: ModelCluster,
  member: ModelMember,
  { start, urls }: { readonly start: EtcdStart; readonly urls: ReadonlyMap<string, readonly string[]> },
): string | undefined {
  const [other] = others(cluster, member);
  if (other === undefined) {
    return 'no member tells it of the cluster';
  }
  const entry = cluster.list.awaitedAt(start.configuration.peerUrlOf(member.name));
  if (entry === undefined) {
    return 'the cluster expects no member at its peer URL';
  }
  const [listed, given] = [cluster.list.entries.map(({ peerUrls }) => peerUrls), [...urls.values()]].map((lists) =>
    lists.flat().sort().join(),
  );
  if (listed !== given) {
    return `the members of the cluster are ${listed}, and it was told ${given}`;
  }
  member.disk = { id: entry.id, clusterId: cluster.clusterId, health: 'sound' };
  cluster.beginCatchUp(member);
  return undefined;
}

/** Begins with nothing, as one of those that the configuration names. */
function begin(
  { cluster, member, configuration, onSecondCluster, onLostCluster }: EtcdStart,
  size: number,
): string | undefined {
  const { self, clusterId, members } = planMembership(configuration.planOf(member.name));
  if (cluster.isBootstrapped) {
    const entry = cluster.list.of(self);
    if (others(cluster, member).length === 0) {
      // The only member of a cluster that has lost its files may be the first of a cluster of several: nobody else has anything.
      if (cluster.list.entries.length > 1 || (size > 1 && entry === undefined)) {
        onSecondCluster(`the etcd of ${member.name} begins anew, with nothing, next to a cluster that has no quorum`);
        return 'it must not';
      }
      onLostCluster();
      cluster.beginLine(cluster.line, goldenRevision);
    } else if (entry === undefined) {
      onSecondCluster(`the etcd of ${member.name} begins a cluster next to the one that answers`);
      return 'it must not';
    } else if (entry.clientUrls.length > 0) {
      return 'the member has already been bootstrapped';
    }
  }
  if (cluster.list.entries.length === 0 || cluster.list.entries.length === 1) {
    cluster.clusterId = clusterId;
    cluster.list.begin(
      members.map(({ id, name, peerUrls }) => ({ id, name, peerUrls, clientUrls: [], isLearner: false })),
    );
  }
  member.disk = { id: self, clusterId, health: 'sound' };
  member.line = cluster.line;
  member.applied = goldenRevision;
  member.logged = goldenRevision;
  member.catchesUpAt = 0;
  return undefined;
}

/** Those that it reaches. */
function others(cluster: ModelCluster, member: ModelMember): readonly ModelMember[] {
  return member.isCutOff
    ? []
    : cluster.members.filter((other) => other !== member && other.isUp && !other.isCutOff && !other.isHanging);
}
