import { mkdirSync, writeFileSync } from 'node:fs';
import type { EtcdRelease } from '../../../scripts/lab/etcd-release.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { makeTempDir, type TempDir } from '../../../scripts/lab/temp-dir.ts';
import { type LoopbackApiServer, startApiServer } from '../servers/api-server.ts';
import { type ClusterNetwork, loopbackNetwork } from './cluster-network.ts';
import { type ClusterStore, localClusterStore, ossClusterStore } from './cluster-store.ts';
import { namespacedNetwork } from './namespaced-network.ts';
import { clientPort, Pod, type PodTls } from './pod.ts';
import { PodCertificates } from './pod-certificates.ts';

/** How a cluster is made. */
export interface ClusterOptions {
  readonly release: EtcdRelease;
  /** Pods that there are; those above `members` are for later. */
  readonly pods: number;
  /** Pods that etcd's configuration names at first. */
  readonly members: number;
  /** Default: loopback. Namespaces have no API server, and their store is a directory. */
  readonly network?: 'loopback' | 'namespaces';
  /** Default: OSS. */
  readonly store?: 'OSS' | 'Local';
  /** More options of every sidecar. */
  readonly flags?: readonly string[];
  /** Whether etcds and sidecars serve TLS, and etcds want client certificates. */
  readonly tls?: boolean;
}

const namespace = 'garden';
const leaseFlags = [
  '--enable-snapshot-lease-renewal=true',
  '--full-snapshot-lease-name=etcd-main-full-snap',
  '--delta-snapshot-lease-name=etcd-main-delta-snap',
  '--enable-member-lease-renewal=true',
  '--k8s-heartbeat-duration=2s',
];

/** The pods of a cluster, their store, network and API server. */
export class PodCluster implements AsyncDisposable {
  readonly options: ClusterOptions;
  readonly dir: TempDir;
  readonly network: ClusterNetwork;
  readonly store: ClusterStore;
  /** Undefined in namespaces. */
  readonly api: LoopbackApiServer | undefined;
  /** Undefined without TLS. */
  readonly certificates: PodCertificates | undefined;
  readonly pods: readonly Pod[];
  readonly #stack: AsyncDisposableStack;
  /** Peer URLs that differ from the usual. */
  readonly #peerUrls = new Map<number, string>();
  #members: number;

  private constructor(parts: {
    readonly options: ClusterOptions;
    readonly dir: TempDir;
    readonly network: ClusterNetwork;
    readonly store: ClusterStore;
    readonly api: LoopbackApiServer | undefined;
    readonly certificates: PodCertificates | undefined;
    readonly stack: AsyncDisposableStack;
  }) {
    const { options, dir, network, store, api, certificates, stack } = parts;
    this.options = options;
    this.dir = dir;
    this.network = network;
    this.store = store;
    this.api = api;
    this.certificates = certificates;
    this.#stack = stack;
    this.#members = options.members;
    const addresses = Array.from({ length: options.pods }, (_, place) => network.address(place));
    const scheme = certificates === undefined ? 'http' : 'https';
    const env: Record<string, string> = {};
    if (api !== undefined) {
      const file = dir.join('kubeconfig');
      const cluster = { name: 'c', cluster: { server: api.url.origin, 'insecure-skip-tls-verify': true } };
      const context = { name: 'x', context: { cluster: 'c', user: 'u' } };
      const users = [{ name: 'u', user: { token: 'a-token' } }];
      const config = { apiVersion: 'v1', kind: 'Config', clusters: [cluster], contexts: [context], users };
      writeFileSync(file, JSON.stringify({ ...config, 'current-context': 'x' }));
      Object.assign(env, { KUBECONFIG: file, POD_NAMESPACE: namespace });
    }
    this.pods = addresses.map(
      (_, place) =>
        new Pod({
          place,
          release: options.release,
          network,
          store,
          dir: dir.join(`pod-${place}`),
          tls: certificates?.of(place),
          flags: [...(api === undefined ? [] : leaseFlags), ...(options.flags ?? [])],
          env,
          serviceEndpoints: addresses.map((address) => `${scheme}://${address}:${clientPort}`),
        }),
    );
    this.createLeases();
    this.configure(options.members);
  }

  /** Makes the pods, and starts those that are members. Waits for nothing. */
  static async start(options: ClusterOptions): Promise<PodCluster> {
    await using stack = new AsyncDisposableStack();
    const dir = stack.use(makeTempDir());
    const separate = options.network === 'namespaces';
    const network = stack.use(separate ? await namespacedNetwork(options.pods) : loopbackNetwork());
    const isLocal = separate || options.store === 'Local';
    const store = stack.use(isLocal ? await localClusterStore(dir) : await ossClusterStore(dir, options.pods));
    const api = separate ? undefined : stack.use(await startApiServer());
    const addresses = Array.from({ length: options.pods }, (_, place) => network.address(place));
    const certificates = options.tls === true ? await PodCertificates.make(dir, addresses) : undefined;
    const cluster = new PodCluster({ options, dir, network, store, api, certificates, stack: stack.move() });
    for (const pod of cluster.members) {
      pod.start();
    }
    return cluster;
  }

  /** Pods that etcd's configuration names. */
  get members(): readonly Pod[] {
    return this.pods.slice(0, this.#members);
  }

  pod(place: number): Pod {
    const pod = this.pods[place];
    if (pod === undefined) {
      throw new Error(`there is no pod ${place}`);
    }
    return pod;
  }

  /** What etcd-druid does when a cluster is made, or all its members are lost. */
  createLeases(): void {
    for (const name of [...this.pods.map((pod) => pod.name), 'etcd-main-full-snap', 'etcd-main-delta-snap']) {
      this.api?.create(namespace, name);
    }
  }

  /** Writes the ConfigMap: so many members, one of them perhaps at another peer URL from now on. */
  configure(members: number, moved?: { readonly place: number; readonly peerUrl: string }): void {
    this.#members = members;
    if (moved !== undefined) {
      this.#peerUrls.set(moved.place, moved.peerUrl);
    }
    const own = this.members.map((pod) => ({ pod, peer: this.peerUrl(pod) }));
    const common = {
      name: 'etcd-config',
      logger: 'zap',
      'log-outputs': ['stderr'],
      metrics: 'basic',
      'snapshot-count': 500,
      'enable-grpc-gateway': true,
      'quota-backend-bytes': 8_589_934_592,
      'initial-cluster-token': 'etcd-cluster',
      'initial-cluster-state': 'new',
      'initial-cluster': own.map(({ pod, peer }) => `${pod.name}=${peer}`).join(','),
      'initial-advertise-peer-urls': Object.fromEntries(own.map(({ pod, peer }) => [pod.name, [peer]])),
      'advertise-client-urls': Object.fromEntries(own.map(({ pod }) => [pod.name, [pod.clientUrl]])),
      'auto-compaction-mode': 'periodic',
      'auto-compaction-retention': '30m',
      'next-cluster-version-compatible': true,
    };
    for (const pod of this.pods) {
      mkdirSync(pod.tempDir, { recursive: true });
      pod.configure({
        ...common,
        ...transportSecurity(pod.tls),
        'listen-client-urls': pod.clientUrl,
        'listen-peer-urls': this.peerUrl(pod),
      });
    }
  }

  peerUrl(pod: Pod): string {
    return this.#peerUrls.get(pod.place) ?? `http://${pod.address}:2380`;
  }

  /** The pod whose etcd leads, by what most members say; undefined without one. */
  async leader(): Promise<Pod | undefined> {
    const statuses = await Promise.all(
      this.members.map(async (pod) => ({ pod, status: await pod.gateway.status().catch(() => undefined) })),
    );
    const named = statuses.filter(({ status }) => status?.leader !== undefined && status.leader !== '0');
    return named.find(
      ({ status }) => named.filter((other) => other.status?.leader === status?.memberId).length * 2 > named.length,
    )?.pod;
  }

  /** Waits for a leader. */
  async untilLed(timeoutMs = 120_000): Promise<Pod> {
    return await eventually(() => this.leader(), {
      timeoutMs,
      intervalMs: 200,
      describe: () => this.describe('no leader'),
    });
  }

  /**
   * Waits until all members have started, vote, agree on a leader, and the sidecar of the leader, and no other, says that it leads.
   * Gives the leader.
   */
  async untilWhole(timeoutMs = 240_000): Promise<Pod> {
    let missing = '';
    return await eventually(
      async () => {
        const found = await this.#whole();
        missing = typeof found === 'string' ? found : '';
        return typeof found === 'string' ? undefined : found;
      },
      { timeoutMs, intervalMs: 250, describe: () => this.describe(`the cluster is not whole: ${missing}`) },
    );
  }

  /** The pod that leads, or what is not well. */
  async #whole(): Promise<Pod | string> {
    const leader = await this.leader();
    if (leader === undefined) {
      return 'nobody leads';
    }
    const listed = await leader.gateway.members().catch(() => []);
    const names = this.members.map(({ name }) => name).toSorted();
    const voters = listed.filter(({ isLearner }) => !isLearner).map(({ name }) => name);
    if (voters.toSorted().join() !== names.join()) {
      return `of ${names.join()} there vote ${voters.join()} (${listed.length} members)`;
    }
    const statuses = await Promise.all(this.members.map(({ gateway }) => gateway.status().catch(() => undefined)));
    if (statuses.some((status) => status === undefined || status.leader !== statuses[0]?.leader)) {
      return 'not all members answer with one leader';
    }
    const healthy = await Promise.all(this.members.map((pod) => pod.isHealthy()));
    const leads = this.members.filter((_, place) => healthy[place]);
    return leads.length === 1 && leads[0] === leader
      ? leader
      : `${leader.name} leads, and healthy are the sidecars of ${leads.map(({ name }) => name).join() || 'nobody'}`;
  }

  /** The sentence, with the end of every log. */
  describe(sentence: string): string {
    const logs = this.pods.flatMap((pod) => [
      `--- ${pod.name}: asked of its sidecar:\n${pod.etcd.transcript.slice(-5).join('\n')}`,
      `--- ${pod.name}: sidecar\n${pod.sidecar.log().slice(-3_500)}`,
      `--- ${pod.name}: etcd\n${pod.etcd.log().slice(-1_500)}`,
    ]);
    return [sentence, ...logs].join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.pods.map((pod) => pod[Symbol.asyncDispose]()));
    await this.#stack.disposeAsync();
  }
}

function transportSecurity(tls: PodTls | undefined): Readonly<Record<string, unknown>> {
  return tls === undefined
    ? {}
    : {
        'client-transport-security': {
          'cert-file': tls.serverCert,
          'key-file': tls.serverKey,
          'client-cert-auth': true,
          'trusted-ca-file': tls.ca,
        },
      };
}
