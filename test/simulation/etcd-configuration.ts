import { writeFileSync } from 'node:fs';
import type { MembershipPlan } from '../../src/datadir/membership/bootstrap.ts';
import { parseInitialCluster } from '../../src/datadir/membership/initial-cluster.ts';
import { parsePeerUrl } from '../../src/datadir/membership/peer-url.ts';

/** The configuration of etcd that all pods share, as a file that is written anew when it changes. */
export class EtcdConfiguration {
  readonly path: string;
  readonly #peerUrls = new Map<string, string>();

  constructor(path: string) {
    this.path = path;
  }

  get size(): number {
    return this.#peerUrls.size;
  }

  /** Adds a member, or gives it another peer URL. */
  set(name: string, peerUrl: string): void {
    this.#peerUrls.set(name, peerUrl);
    writeFileSync(this.path, this.#text);
  }

  peerUrlOf(name: string): string {
    return this.#peerUrls.get(name) ?? '';
  }

  /** A member as this configuration has it. */
  planOf(name: string): MembershipPlan {
    return {
      name,
      initialCluster: parseInitialCluster(this.#initialCluster),
      initialClusterToken: 'etcd-cluster',
      initialAdvertisePeerUrls: [parsePeerUrl(this.peerUrlOf(name))],
    };
  }

  get #initialCluster(): string {
    return [...this.#peerUrls].map(([name, url]) => `${name}=${url}`).join(',');
  }

  get #text(): string {
    const urls = (of: (name: string, url: string) => string): string =>
      [...this.#peerUrls].map(([name, url]) => `  ${name}:\n  - ${of(name, url)}\n`).join('');
    return [
      'name: etcd-config\n',
      `initial-cluster: ${this.#initialCluster}\n`,
      'initial-cluster-state: new\ninitial-cluster-token: etcd-cluster\n',
      `initial-advertise-peer-urls:\n${urls((_, url) => url)}`,
      `advertise-client-urls:\n${urls((name) => `http://${name}:2379`)}`,
    ].join('');
  }
}
