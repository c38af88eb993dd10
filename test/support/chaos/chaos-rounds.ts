import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from '../../../scripts/lab/child-process.ts';
import { EtcdGateway } from '../../../scripts/lab/etcd-gateway.ts';
import { type EtcdLine, etcdRelease } from '../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { newestChain } from '../../../src/snapshot/chain.ts';
import type { SnapStore } from '../../../src/snapstore/snapstore.ts';
import { type Random, seededChoices } from '../fixtures/random.ts';
import { type FaultProxy, startFaultProxy } from '../servers/fault-proxy.ts';
import { checkBackup } from './check-backup.ts';
import { startModelWriters } from './model-writers.ts';
import { type SnapshotterTask, startSnapshotterProcess } from './snapshotter-process.ts';
import { StoreProcess } from './store-process.ts';
import { WriteModel } from './write-model.ts';

/** How the rounds go. */
export interface ChaosRounds {
  readonly line: EtcdLine;
  readonly rounds: number;
  readonly seed: number;
  /** Bytes that no compression makes smaller, so that fulls are uploaded in parts. */
  readonly ballast: number;
  readonly report: (text: string) => void;
}

/** What is killed. */
type Victim = 'snapshotter' | 'etcd' | 'store';

/** What came out, summed over the rounds. */
export interface ChaosTotals {
  readonly kills: Readonly<Record<Victim, number>>;
  /** Restores that were compared with the model. */
  readonly compared: number;
  /** The revision of the last one, which is the last that was written. */
  readonly revision: number;
  /** Last lines of snapshotters that ended by themselves. */
  readonly gaveUp: readonly string[];
}

const CONTAINER = 'backups';
const PREFIX = 'chaos';
/** The longest time between the start of what was killed and the next kill, ms. */
const LONGEST_PAUSE = 2_500;
const BALLAST_VALUE = 256 * 1024;
/** What a snapshotter logs once it has a backup to go on from. */
const atWork = /Going on from the backup|Successfully saved full snapshot/;

/**
 * Kills a snapshotter, its etcd, its store, or two of them, with SIGKILL at random moments, while clients write; and after each
 * kill proves that the store then holds a backup of what the clients wrote.
 */
export async function runChaosRounds(work: ChaosRounds): Promise<ChaosTotals> {
  const { rounds, seed, line, report } = work;
  using dir = makeTempDir();
  await using stack = new AsyncDisposableStack();
  const release = await etcdRelease(line);
  const random = seededChoices(seed);
  const etcd = stack.use(
    await startEtcd({
      release,
      dataDir: dir.join('data'),
      extraArgs: ['--heartbeat-interval', '20', '--election-timeout', '200', '--snapshot-count', '1000'],
    }),
  );
  const store = stack.use(await StoreProcess.start(dir.join('store')));
  const proxy = stack.use(await startFaultProxy(() => store.endpoint));
  // Some requests are delayed, so that kills find them in flight.
  const delays = seededChoices(seed + 1);
  proxy.fault(() => (delays.oneIn(3) ? { kind: 'delay', ms: delays.integer(150) } : undefined));
  const gateway = new EtcdGateway(etcd.clientUrl);
  const leases = await Promise.all(Array.from({ length: 4 }, () => gateway.grantLease(86_400)));
  const model = new WriteModel();
  await writeBallast({ gateway, model, bytes: work.ballast });
  const writers = startModelWriters({ gateway, model, leases, seed, writers: 3, pauseMs: 60 });
  const snapshotter = stack.use(new Keeper(taskFor({ etcd, proxy, dir }), random));
  const kills = { snapshotter: 0, etcd: 0, store: 0 };
  const state: Reached = { revision: 0, compared: 0 };
  const check = async (what: string, frozen: SnapStore): Promise<void> => {
    const { revision, deltas } = await checkBackup(frozen, { model, release });
    assert.ok(
      revision >= state.revision,
      `${what}: the backup went back from revision ${state.revision} to ${revision}`,
    );
    state.revision = revision;
    state.compared += revision > 0 ? 1 : 0;
    report(`${what}: revision ${revision} of ${model.newest}, ${deltas} deltas`);
  };
  await untilCovered({ store, snapshotter, revision: 1 });
  for (let round = 1; round <= rounds; round++) {
    await sleep(random.integer(LONGEST_PAUSE));
    const victims = chooseVictims(random);
    for (const victim of victims) {
      kills[victim] += 1;
      await { snapshotter, etcd, store }[victim].kill9();
    }
    const frozen = store.frozen(PREFIX);
    if (victims.includes('etcd')) {
      await etcd.restart();
    }
    if (victims.includes('store')) {
      await store.restart();
    }
    await check(`${line} seed ${seed} round ${round}, ${victims.join(' and ')} killed`, frozen);
    snapshotter.restartIfEnded();
    if (random.oneIn(6)) {
      await etcd.etcdctl('compaction', String(Math.max(1, model.newest - random.integer(200))));
    }
    if (round % 10 === 0 || round === rounds) {
      await untilCovered({ store, snapshotter, revision: model.newest });
    }
  }
  await writers.stop();
  await untilCovered({ store, snapshotter, revision: model.newest });
  await check(`${line} seed ${seed}, at rest`, store.frozen(PREFIX));
  assert.equal(state.revision, model.newest, 'everything that was written is in the backup');
  return { kills, ...state, gaveUp: snapshotter.gaveUp };
}

interface Reached {
  revision: number;
  compared: number;
}

async function writeBallast(to: {
  readonly gateway: EtcdGateway;
  readonly model: WriteModel;
  readonly bytes: number;
}): Promise<void> {
  for (let written = 0; written < to.bytes; written += BALLAST_VALUE) {
    const writes = [{ put: `ballast/${written}`, value: randomBytes(BALLAST_VALUE) }];
    to.model.record(await to.gateway.write(writes), writes);
  }
}

function chooseVictims(random: Random): readonly Victim[] {
  const first = random.pick<Victim>(['snapshotter', 'snapshotter', 'etcd', 'store']);
  const second = random.pick<Victim>(['snapshotter', 'etcd', 'store']);
  return random.oneIn(5) && second !== first ? [first, second] : [first];
}

function taskFor(parts: {
  readonly etcd: EtcdServer;
  readonly proxy: FaultProxy;
  readonly dir: { join(name: string): string };
}): SnapshotterTask {
  const tempDir = parts.dir.join('temp');
  mkdirSync(tempDir);
  return {
    etcdUrl: parts.etcd.clientUrl,
    storeEndpoint: parts.proxy.endpoint,
    container: CONTAINER,
    prefix: PREFIX,
    tempDir,
    schedule: '* * * * *',
    deltaPeriodMs: 1_000,
    deltaMemoryLimit: 40_000,
    collectionPeriodMs: 2_000,
    keptFulls: 2,
  };
}

/** Keeps a snapshotter running, as an init system does. */
class Keeper implements AsyncDisposable {
  readonly gaveUp: string[] = [];
  readonly #task: SnapshotterTask;
  readonly #random: Random;
  #child: Child;
  #killed = false;

  constructor(task: SnapshotterTask, random: Random) {
    this.#task = task;
    this.#random = random;
    this.#child = this.#start();
  }

  async kill9(): Promise<void> {
    this.#note();
    this.#killed = true;
    await this.#child.end('SIGKILL');
  }

  /** Starts it again when it has ended. */
  restartIfEnded(): void {
    if (this.#child.hasExited()) {
      this.#note();
      this.#child = this.#start();
      this.#killed = false;
    }
  }

  /** Why earlier ones ended, and the end of the output of this one. */
  history(): string {
    return [...this.gaveUp, this.#child.output().slice(-5_000)].join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.end('SIGKILL');
  }

  #start(): Child {
    return startSnapshotterProcess(this.#task, this.#random.pick(['full', 'as needed', 'as needed']));
  }

  /**
   * A snapshotter may end by itself only while it begins, and for a reason outside of it: one that has begun its work waits for
   * etcd and for the store, and goes on.
   */
  #note(): void {
    if (!this.#child.hasExited() || this.#killed) {
      return;
    }
    const output = this.#child.output();
    const last = output.split('\n').findLast((text) => text.startsWith('error: ')) ?? output.slice(-500);
    assert.doesNotMatch(output, /unexpected fault|it came after revision|begins at revision|history/, output);
    assert.doesNotMatch(output, atWork, `it gave up: ${last}\n${output}`);
    this.gaveUp.push(last);
  }
}

async function untilCovered(parts: {
  readonly store: StoreProcess;
  readonly snapshotter: Keeper;
  readonly revision: number;
}): Promise<void> {
  const { store, snapshotter, revision } = parts;
  await eventually(
    async () => {
      snapshotter.restartIfEnded();
      const { snapshots } = await store.frozen(PREFIX).list({ signal: AbortSignal.timeout(60_000) });
      const plan = newestChain(snapshots);
      return plan.outcome === 'chain' && plan.lastRevision >= revision ? true : undefined;
    },
    {
      timeoutMs: 240_000,
      intervalMs: 200,
      describe: () => `revision ${revision} did not reach the store:\n${snapshotter.history()}`,
    },
  );
}
