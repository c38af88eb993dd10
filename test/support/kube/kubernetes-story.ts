import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { type Child, startChild } from '../../../scripts/lab/child-process.ts';
import { compileCache } from '../../../scripts/lab/compile-cache.ts';
import { etcdRelease } from '../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { freePort } from '../../../scripts/lab/free-port.ts';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { type RunOutput, run } from '../../../scripts/lab/run.ts';
import { makeTempDir, type TempDir } from '../../../scripts/lab/temp-dir.ts';
import { type StartedKubeApiServer, startKubeApiServer } from './started-kube-apiserver.ts';

/** The program, as the environment of a test has it. */
const program = process.env['TEST_ETCDBRCTL'] || `${projectRoot}bin/etcdbrctl-from-source`;

/**
 * A real API server on an etcd that is backed up all the time, with deltas each second, into a directory. What is told of them is the test's.
 * Disposing ends everything.
 */
export class KubernetesStory implements AsyncDisposable {
  readonly dir: TempDir;
  readonly api: StartedKubeApiServer;
  readonly #stack: AsyncDisposableStack;
  readonly #peerPort: number;
  #etcd: EtcdServer;
  #backup: Child | undefined;
  #restores = 0;

  private constructor(parts: {
    readonly dir: TempDir;
    readonly etcd: EtcdServer;
    readonly api: StartedKubeApiServer;
    readonly peerPort: number;
    readonly stack: AsyncDisposableStack;
  }) {
    this.dir = parts.dir;
    this.api = parts.api;
    this.#etcd = parts.etcd;
    this.#peerPort = parts.peerPort;
    this.#stack = parts.stack;
  }

  static async begin(): Promise<KubernetesStory> {
    await using stack = new AsyncDisposableStack();
    const dir = stack.use(makeTempDir());
    const peerPort = await freePort();
    const etcd = stack.use(
      await startEtcd({ release: await etcdRelease('3.5'), peerPort, dataDir: dir.join('first') }),
    );
    const api = stack.use(await startKubeApiServer(etcd.clientUrl));
    const story = new KubernetesStory({ dir, etcd, api, peerPort, stack: stack.move() });
    mkdirSync(dir.join('backup'));
    try {
      story.startBackup();
      // What comes from now on is in deltas.
      await story.untilStored(1n);
    } catch (error) {
      await story[Symbol.asyncDispose]();
      throw error;
    }
    return story;
  }

  get etcd(): EtcdServer {
    return this.#etcd;
  }

  /** Options of every command that names the backup. */
  get storeFlags(): readonly string[] {
    return ['--storage-provider=Local', `--store-container=${this.dir.join('backup')}`];
  }

  /** Names of the objects of the backup, in order. */
  get stored(): readonly string[] {
    const folder = this.dir.join('backup', 'v2');
    return existsSync(folder) ? readdirSync(folder).toSorted() : [];
  }

  /** What the snapshotter has logged since it was last started. */
  backupLog(): string {
    return this.#backup?.output() ?? '';
  }

  startBackup(): void {
    this.#backup = startChild(
      program,
      [
        'snapshot',
        ...this.storeFlags,
        `--endpoints=${this.#etcd.clientUrl}`,
        '--delta-snapshot-period=1s',
        `--snapstore-temp-directory=${this.dir.join('temp')}`,
        '--log-format=text',
      ],
      { env: { ...compileCache, HOME: this.dir.path } },
    );
  }

  async stopBackup(): Promise<void> {
    await this.#backup?.end('SIGTERM', { graceMs: 30_000 });
  }

  /** Runs a command of the program to its end; rejects unless it exits with 0. */
  async program(...args: readonly string[]): Promise<RunOutput> {
    return await run(program, args, { env: { PATH: process.env['PATH'], ...compileCache, HOME: this.dir.path } });
  }

  /** The revision of etcd now. */
  async revision(): Promise<bigint> {
    const [status] = JSON.parse(await this.#etcd.etcdctl('endpoint', 'status', '-w', 'json')) as readonly {
      readonly Status: { readonly header: { readonly revision: number } };
    }[];
    return BigInt(status?.Status.header.revision ?? 0);
  }

  /** Waits until the backup reaches a revision. */
  async untilStored(revision: bigint): Promise<void> {
    const reached = (): bigint =>
      this.stored.reduce((most, name) => {
        const last = BigInt(/^(?:Full|Incr)-\d+-(\d+)-/.exec(name)?.[1] ?? 0);
        return last > most ? last : most;
      }, 0n);
    const missing = (): string =>
      `the backup reaches ${reached()}, not ${revision}:\n${this.backupLog().slice(-3_000)}`;
    await eventually(
      () => {
        if (this.#backup?.hasExited() === true) {
          throw new Error(missing());
        }
        return reached() >= revision ? true : undefined;
      },
      { timeoutMs: 60_000, describe: missing },
    );
  }

  /** Puts the cluster back, as an operator does: all is stopped, one member is restored and started, then the API server, then the backup. */
  async putBack(flags: readonly string[]): Promise<void> {
    await this.stopBackup();
    await this.api.stop();
    await this.#etcd.stop();
    this.#restores += 1;
    const dataDir = this.dir.join(`restored-${this.#restores}`);
    const peerUrl = `http://127.0.0.1:${this.#peerPort}`;
    await this.program(
      'restore',
      ...this.storeFlags,
      ...flags,
      `--data-dir=${dataDir}`,
      '--name=default',
      `--initial-cluster=default=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
    );
    this.#etcd = this.#stack.use(
      await startEtcd({
        release: await etcdRelease('3.5'),
        dataDir,
        peerPort: this.#peerPort,
        clientPort: Number(new URL(this.#etcd.clientUrl).port),
      }),
    );
    await this.api.start();
    this.startBackup();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopBackup();
    await this.#stack.disposeAsync();
  }
}
