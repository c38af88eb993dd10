import { join } from 'node:path';
import type { KeyPair } from './certificates.ts';
import { type Child, startChild } from './child-process.ts';
import { type EtcdRelease, unsupportedArchitecture } from './etcd-release.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { run } from './run.ts';
import { makeTempDir } from './temp-dir.ts';

/** How a test wants its etcd. */
export interface EtcdOptions {
  readonly release: EtcdRelease;
  /** An existing or new directory, left in place afterwards; a temporary one when absent. */
  readonly dataDir?: string;
  /** Serves clients over TLS with this certificate. `ca` is what {@link EtcdServer.etcdctl} trusts. */
  readonly tls?: {
    readonly server: KeyPair;
    readonly ca: string;
    /** Makes etcd demand client certificates of `ca`; etcdctl then shows this one. */
    readonly client?: KeyPair;
  };
  /** Creates the user root with this password and turns authentication on. */
  readonly rootPassword?: string;
  /** Default: `default`, etcd's own. */
  readonly name?: string;
  /** Default: this member alone. Needs `peerPort`, and usually `readiness: 'listening'`. */
  readonly initialCluster?: string;
  readonly clientPort?: number;
  readonly peerPort?: number;
  readonly extraArgs?: readonly string[];
  /** `healthy` (default) waits for a leader; `listening` only until the port answers, as a lone member of three needs. */
  readonly readiness?: 'healthy' | 'listening';
}

/** A real etcd that a test started. Disposing stops it and removes what was temporary. */
export interface EtcdServer extends AsyncDisposable {
  /** `http(s)://127.0.0.1:PORT`. */
  readonly clientUrl: string;
  readonly peerUrl: string;
  /** Plain HTTP, also when clients speak TLS: `/health` and `/metrics`. */
  readonly metricsUrl: string;
  readonly name: string;
  readonly dataDir: string;
  readonly release: EtcdRelease;
  /** Of the process that runs now. */
  pid(): number;
  /** What it logged since it was last started. */
  log(): string;
  /** True unless it was stopped, killed, or ended by itself. */
  isRunning(): boolean;
  /** Ends it with SIGTERM. */
  stop(): Promise<void>;
  /** Ends it with SIGKILL, as a power failure would. */
  kill9(): Promise<void>;
  /** Stops it when it runs and starts it again: same ports, same data directory. */
  restart(): Promise<void>;
  /** Runs the release's etcdctl against it, with credentials, and returns its stdout. */
  etcdctl(...args: readonly string[]): Promise<string>;
}

interface Ports {
  readonly client: number;
  readonly peer: number;
  readonly metrics: number;
}

/** Starts an etcd and waits until it is ready. Throws with its log when it ends before that. */
export async function startEtcd(options: EtcdOptions): Promise<EtcdServer> {
  const temporary = options.dataDir === undefined ? makeTempDir() : undefined;
  const dataDir = options.dataDir ?? join(temporary?.path ?? '', 'data');
  try {
    const { ports, child } = await launch(options, dataDir);
    const server = serverAt({ options, dataDir, ports, child, dispose: () => temporary?.[Symbol.dispose]() });
    if (options.rootPassword !== undefined) {
      await enableAuthentication(server, options.rootPassword);
    }
    return server;
  } catch (error) {
    temporary?.[Symbol.dispose]();
    throw error;
  }
}

/** A port found free may be taken by another test before etcd binds it: those are chosen anew. */
async function launch(
  options: EtcdOptions,
  dataDir: string,
): Promise<{ readonly ports: Ports; readonly child: Child }> {
  for (let attempt = 1; ; attempt++) {
    const ports: Ports = {
      client: options.clientPort ?? (await freePort()),
      peer: options.peerPort ?? (await freePort()),
      metrics: await freePort(),
    };
    try {
      return { ports, child: await startReady(options, dataDir, ports) };
    } catch (error) {
      if (attempt === 5 || !String(error).includes('address already in use')) {
        throw error;
      }
    }
  }
}

async function startReady(options: EtcdOptions, dataDir: string, ports: Ports): Promise<Child> {
  const child = startChild(options.release.etcd, etcdArguments(options, dataDir, ports), {
    env: unsupportedArchitecture,
  });
  const health = `http://127.0.0.1:${ports.metrics}/health`;
  try {
    await eventually(
      async () => {
        if (child.hasExited()) {
          throw new Error(`etcd ${options.release.version} ended during its start:\n${child.output()}`);
        }
        const answer = await fetch(health).catch(() => undefined);
        await answer?.body?.cancel();
        const enough = options.readiness === 'listening' ? answer !== undefined : answer?.ok === true;
        return enough ? true : undefined;
      },
      { describe: () => `etcd ${options.release.version} did not become ready:\n${child.output()}` },
    );
  } catch (error) {
    await child.end('SIGKILL');
    throw error;
  }
  return child;
}

function etcdArguments(options: EtcdOptions, dataDir: string, ports: Ports): string[] {
  const { tls, name = 'default' } = options;
  const client = clientUrlOf(options, ports);
  const peer = `http://127.0.0.1:${ports.peer}`;
  const args = [
    ['--logger', 'zap'],
    ['--log-outputs', 'stderr'],
    ['--name', name],
    ['--data-dir', dataDir],
    ['--listen-client-urls', client],
    ['--advertise-client-urls', client],
    ['--listen-peer-urls', peer],
    ['--initial-advertise-peer-urls', peer],
    ['--listen-metrics-urls', `http://127.0.0.1:${ports.metrics}`],
    ['--initial-cluster', options.initialCluster ?? `${name}=${peer}`],
  ].flat();
  if (tls !== undefined) {
    args.push('--cert-file', tls.server.cert, '--key-file', tls.server.key);
  }
  if (tls?.client !== undefined) {
    args.push('--client-cert-auth', '--trusted-ca-file', tls.ca);
  }
  return [...args, ...(options.extraArgs ?? [])];
}

function clientUrlOf(options: EtcdOptions, ports: Ports): string {
  return `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${ports.client}`;
}

function serverAt(parts: {
  readonly options: EtcdOptions;
  readonly dataDir: string;
  readonly ports: Ports;
  readonly child: Child;
  readonly dispose: () => void;
}): EtcdServer {
  const { options, dataDir, ports } = parts;
  let child = parts.child;
  let loggedIn = false;
  const clientUrl = clientUrlOf(options, ports);
  const end = (signal: NodeJS.Signals): Promise<void> => child.end(signal);
  return {
    clientUrl,
    peerUrl: `http://127.0.0.1:${ports.peer}`,
    metricsUrl: `http://127.0.0.1:${ports.metrics}`,
    name: options.name ?? 'default',
    dataDir,
    release: options.release,
    pid: () => child.pid,
    log: () => child.output(),
    isRunning: () => !child.hasExited(),
    stop: () => end('SIGTERM'),
    kill9: () => end('SIGKILL'),
    restart: async () => {
      await end('SIGTERM');
      child = await startReady(options, dataDir, ports);
    },
    etcdctl: async (...args) => {
      const login = loggedIn ? [`--user=root:${options.rootPassword}`] : [];
      const { stdout } = await run(
        options.release.etcdctl,
        [...connectionFlags(options, clientUrl), ...REQUEST_TIMEOUTS, ...login, ...args],
        {
          env: { ETCDCTL_API: '3' },
        },
      );
      loggedIn ||= args[0] === 'auth' && args[1] === 'enable';
      return stdout;
    },
    [Symbol.asyncDispose]: async () => {
      await end('SIGTERM');
      parts.dispose();
    },
  };
}

/** etcdctl's defaults of 2 s and 5 s are too short for a busy machine. */
const REQUEST_TIMEOUTS = ['--dial-timeout=60s', '--command-timeout=60s'];

function connectionFlags({ tls }: EtcdOptions, clientUrl: string): string[] {
  const flags = [`--endpoints=${clientUrl}`];
  if (tls !== undefined) {
    flags.push(`--cacert=${tls.ca}`);
  }
  if (tls?.client !== undefined) {
    flags.push(`--cert=${tls.client.cert}`, `--key=${tls.client.key}`);
  }
  return flags;
}

async function enableAuthentication(server: EtcdServer, password: string): Promise<void> {
  await server.etcdctl('role', 'add', 'root');
  await server.etcdctl('user', 'add', `root:${password}`);
  await server.etcdctl('user', 'grant-role', 'root', 'root');
  await server.etcdctl('auth', 'enable');
}
