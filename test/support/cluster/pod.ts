import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EtcdRelease } from '../../../scripts/lab/etcd-release.ts';
import { boundedRequest, type ClientFiles } from './bounded-request.ts';
import type { ClusterNetwork } from './cluster-network.ts';
import type { ClusterStore } from './cluster-store.ts';
import { MemberGateway } from './member-gateway.ts';
import { programCommand, programEnvironment } from './program.ts';
import { RestartedProcess } from './restarted-process.ts';
import { WrappedEtcd, wrapperPort } from './wrapped-etcd.ts';

/** Where sidecars listen. */
export const sidecarPort = 8080;
/** Where etcds listen for clients. */
export const clientPort = 2379;

/** The files of TLS of a pod: its etcd and its sidecar serve with the same certificate. Peers speak without TLS. */
export interface PodTls extends ClientFiles {
  readonly serverCert: string;
  readonly serverKey: string;
}

/** What a pod is made of. */
export interface PodParts {
  readonly place: number;
  readonly release: EtcdRelease;
  readonly network: ClusterNetwork;
  readonly store: ClusterStore;
  /** Below it are the volume and the homes of the containers. */
  readonly dir: string;
  readonly tls: PodTls | undefined;
  /** More options of the sidecar, after those that every pod has. */
  readonly flags: readonly string[];
  /** Variables of the sidecar. */
  readonly env: Readonly<Record<string, string>>;
  /** Client URLs of all pods. */
  readonly serviceEndpoints: readonly string[];
}

/** A pod as etcd-druid makes them: an etcd in its wrapper, and the sidecar next to it, on one volume. */
export class Pod implements AsyncDisposable {
  readonly name: string;
  readonly place: number;
  readonly address: string;
  readonly clientUrl: string;
  readonly sidecarUrl: string;
  readonly tls: PodTls | undefined;
  /** What a pod loses with its disk. */
  readonly volume: string;
  readonly tempDir: string;
  readonly configFile: string;
  readonly etcd: WrappedEtcd;
  readonly sidecar: RestartedProcess;
  readonly gateway: MemberGateway;

  constructor(parts: PodParts) {
    const { place, network, store, dir, tls, release } = parts;
    this.place = place;
    this.name = `etcd-main-${place}`;
    this.address = network.address(place);
    this.clientUrl = `${tls === undefined ? 'http' : 'https'}://${this.address}:${clientPort}`;
    this.tls = tls;
    this.sidecarUrl = `${tls === undefined ? 'http' : 'https'}://${this.address}:${sidecarPort}`;
    this.volume = join(dir, 'volume');
    this.tempDir = join(dir, 'temp');
    this.configFile = join(dir, 'etcd.conf.yaml');
    mkdirSync(this.volume, { recursive: true, mode: 0o700 });
    mkdirSync(join(dir, 'home'), { recursive: true });
    const inside = (command: readonly string[]): readonly string[] => network.inside(place, command);
    this.etcd = new WrappedEtcd({
      name: this.name,
      release,
      address: this.address,
      sidecarPort,
      sidecarCa: tls?.ca,
      volume: this.volume,
      home: join(dir, 'home'),
      inside,
      servesStop: network.kind === 'loopback',
    });
    const command = inside(
      programCommand([
        'server',
        `--server-port=${sidecarPort}`,
        `--listen-address=${this.address}`,
        `--endpoints=${this.clientUrl}`,
        `--service-endpoints=${parts.serviceEndpoints.join(',')}`,
        `--data-dir=${this.dataDir}`,
        `--restoration-temp-snapshots-dir=${join(this.volume, 'restoration.temp')}`,
        `--snapstore-temp-directory=${this.tempDir}`,
        '--etcd-connection-timeout=5m',
        '--use-etcd-wrapper=true',
        `--etcd-wrapper-port=${wrapperPort}`,
        '--delta-snapshot-period=2s',
        '--log-format=text',
        ...(tls === undefined ? ['--insecure-transport=true', '--insecure-skip-tls-verify=true'] : secureFlags(tls)),
        ...store.flags(place),
        ...parts.flags,
      ]),
    );
    const env = {
      ...programEnvironment,
      HOME: join(dir, 'home'),
      ETCD_CONF: this.configFile,
      POD_NAME: this.name,
      ...store.env,
      ...parts.env,
    };
    this.sidecar = new RestartedProcess(`sidecar of ${this.name}`, {
      prepare: () => Promise.resolve({ command, env }),
    });
    this.gateway = new MemberGateway(this.clientUrl, tls);
  }

  get dataDir(): string {
    return join(this.volume, 'new.etcd');
  }

  /** Writes what the ConfigMap has for it. */
  configure(config: Readonly<Record<string, unknown>>): void {
    writeFileSync(this.configFile, JSON.stringify({ ...config, 'data-dir': this.dataDir }));
  }

  start(): void {
    this.sidecar.start();
    this.etcd.start();
  }

  /** As Kubernetes ends a pod: both containers are asked to at the same time. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await Promise.all([this.etcd.stop(signal), this.sidecar.stop(signal)]);
  }

  /** Empties the disk. The pod has to be stopped. */
  wipe(): void {
    rmSync(this.volume, { recursive: true, force: true });
    mkdirSync(this.volume, { mode: 0o700 });
  }

  /** Whether the sidecar says that it leads and has reached etcd. */
  async isHealthy(): Promise<boolean> {
    const answer = await this.ask('/healthz', { timeoutMs: 3_000 }).catch(() => undefined);
    return answer?.status === 200;
  }

  async ask(
    path: string,
    { timeoutMs, method = 'GET' }: { readonly timeoutMs: number; readonly method?: 'GET' | 'POST' },
  ): Promise<{ readonly status: number; readonly body: string }> {
    return await boundedRequest({ url: new URL(path, this.sidecarUrl), method, timeoutMs, files: this.tls });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.gateway[Symbol.dispose]();
    await Promise.all([this.etcd[Symbol.asyncDispose](), this.sidecar[Symbol.asyncDispose]()]);
  }
}

function secureFlags(tls: PodTls): readonly string[] {
  const etcd = ['--insecure-transport=false', `--cacert=${tls.ca}`, `--cert=${tls.cert}`, `--key=${tls.key}`];
  return [...etcd, `--server-cert=${tls.serverCert}`, `--server-key=${tls.serverKey}`];
}
