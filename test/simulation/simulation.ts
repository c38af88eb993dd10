import { existsSync, mkdirSync } from 'node:fs';
import { makeTempDir, type TempDir } from '../../scripts/lab/temp-dir.ts';
import type { Random } from '../support/fixtures/random.ts';
import { beginCluster } from './begin-cluster.ts';
import { Chronicle } from './chronicle.ts';
import { DataDirectories } from './data-directories.ts';
import { EtcdConfiguration } from './etcd-configuration.ts';
import { EtcdContainer } from './etcd-container.ts';
import { ask } from './fault-parts.ts';
import { nextFault } from './faults.ts';
import type { GoldenMember } from './golden-member.ts';
import { Invariants } from './invariants.ts';
import { MadeRequests } from './made-requests.ts';
import { ModelApiServer, snapshotLeases } from './model-api-server.ts';
import { ModelCluster } from './model-cluster.ts';
import { ModelDatabases } from './model-databases.ts';
import { ModelStore } from './model-store.ts';
import { ProcessStarter } from './process-starter.ts';
import { RandomStreams } from './random-streams.ts';
import type { StandstillWatch } from './standstill-watch.ts';
import { VirtualTime } from './virtual-time.ts';
import type { MadeRequest, Pod, World } from './world.ts';
import { WrittenObjects } from './written-objects.ts';

/** Bounds of a simulation. */
export interface SimulationOptions {
  readonly seed: number;
  readonly golden: GoldenMember;
  /** Is called before each step: what else a test does to it. */
  readonly onStep?: (simulation: Simulation) => void;
  /** Ends it early: it throws then. */
  readonly signal?: AbortSignal;
  /** Sees to it that a life that never lets go of its thread is told of. */
  readonly watch?: StandstillWatch;
}

/** Files in memory, where there are any. */
const memoryDir = '/dev/shm';
/** Faults, one after the other: so many at least, and so many more at most. */
const faultCount = { least: 3, more: 6 };
/** When fulls are due: often enough in some lives that garbage is collected all the time. */
const fullSchedules = ['@every 240', '@every 240', '@every 240', '@every 25'];
/** How much is buffered before a delta is written, and how much may wait in files, bytes. */
const usualBuffer = { deltaMemoryLimit: 10 * 1024 * 1024, deltaSpoolLimit: 64 * 1024 * 1024 };
const smallBuffer = { deltaMemoryLimit: 600, deltaSpoolLimit: 6_000 };
/** How long all is well at the end before everything has to be right again, ms: it is looked at several times. */
const calm = { leastMs: 45_000, mostMs: 250_000, stepMs: 10_000 };
/** How long a sidecar may take to end when it is asked to, ms. */
const stopMs = 20_000;

/** The sidecars of a cluster over models of all that they meet, and everything that is known about them. */
export class Simulation implements World {
  readonly time: VirtualTime;
  readonly #streams: RandomStreams;
  readonly random: Random;
  readonly chronicle: Chronicle;
  readonly cluster: ModelCluster;
  readonly configuration: EtcdConfiguration;
  readonly directories: DataDirectories;
  readonly store: ModelStore;
  readonly api: ModelApiServer;
  readonly objects = new WrittenObjects();
  readonly invariants: Invariants;
  readonly pods: Pod[] = [];
  readonly hasStore: boolean;
  readonly hasLeases: boolean;
  readonly #options: SimulationOptions;
  readonly #tempDir: TempDir;
  readonly #requests: MadeRequests;
  readonly #starter: ProcessStarter;
  #writes = true;
  #heals = 0;
  /** The longest pause of who writes. */
  readonly #writePeriodMs: number;

  constructor(options: SimulationOptions) {
    this.#options = options;
    const { seed, golden } = options;
    const { signal, watch } = options;
    const time = new VirtualTime({ signal, onTurn: watch && (() => watch.turned()) });
    this.time = time;
    const streams = new RandomStreams(seed);
    this.#streams = streams;
    this.random = streams.of('faults');
    const tempDir = makeTempDir(existsSync(memoryDir) ? { parent: memoryDir } : {});
    this.#tempDir = tempDir;
    watch?.begins(seed, tempDir.path);
    this.chronicle = new Chronicle(time, tempDir.path, watch && ((line) => watch.told(line)));
    const { random, chronicle } = this;
    this.#requests = new MadeRequests(time, this.chronicle);
    const databases = new ModelDatabases(golden, tempDir);
    this.directories = new DataDirectories({ dir: tempDir, golden, databases });
    this.configuration = new EtcdConfiguration(tempDir.join('etcd.conf.yaml'));
    this.cluster = new ModelCluster({
      time,
      random: streams.of('cluster'),
      tell: (what) => chronicle.tell('etcd', what),
      violated: (what) => this.invariants.violated(what),
    });
    this.invariants = new Invariants(this);
    const violated = (what: string): void => this.invariants.violated(what);
    this.api = new ModelApiServer({ time, streams, leases: Object.values(snapshotLeases), violated });
    this.store = new ModelStore({ time, streams, listener: this.invariants.ofStore });
    this.#writePeriodMs = random.pick([1_500, 15_000, 15_000]);
    const size = random.oneIn(4) ? 1 : 3;
    this.hasStore = !random.oneIn(8);
    this.hasLeases = !random.oneIn(4);
    const runs = !random.oneIn(8);
    // Some buffer so little that deltas wait in files as soon as the store is slow.
    const buffer = random.pick([smallBuffer, usualBuffer, usualBuffer]);
    const fullSchedule = streams.of('schedule').pick(fullSchedules);
    this.#starter = new ProcessStarter({ world: this, streams, databases, tempDir, buffer, fullSchedule });
    for (let place = 0; place < size; place++) {
      this.configuration.set(`etcd-${place}`, peerUrlAt(place));
    }
    for (let place = 0; place < size; place++) {
      this.#place(place);
    }
    if (runs) {
      beginCluster(this.cluster, this.configuration);
    }
    for (const { container } of this.pods) {
      container.begin({ running: runs });
    }
  }

  /** Runs it to its end. Throws an Error with the whole history when something is wrong. */
  async run(): Promise<void> {
    const errors: unknown[] = [];
    for (const part of [() => this.#live(), () => this.#end()]) {
      try {
        await part();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) {
      // What fails at the end as well is a consequence.
      const [error] = errors;
      const again = `Again: SIMULATION_SEED=${this.#options.seed} make simulate`;
      throw new Error([error instanceof Error ? error.message : error, again, this.chronicle.text].join('\n'), {
        cause: error,
      });
    }
  }

  get requests(): readonly MadeRequest[] {
    return this.#requests.all;
  }

  restart(pod: Pod): void {
    if (this.#writes) {
      Object.assign(pod, this.#starter.begin(pod.member));
    }
  }

  request(what: string, answer: Promise<unknown>): void {
    this.#requests.add(what, answer);
  }

  get heals(): number {
    return this.#heals;
  }

  heal(): void {
    this.#heals += 1;
    this.store.mood = 'well';
    this.store.unreachable.clear();
    this.api.mood = 'well';
    this.cluster.alarm = undefined;
    for (const member of this.cluster.members) {
      member.isCutOff = false;
      member.isSlow = false;
      member.isHanging = false;
      member.isLocked = false;
    }
    this.cluster.changed();
    for (const pod of this.pods) {
      pod.container.release();
      pod.process.rest();
      if (!pod.isRunning) {
        this.restart(pod);
      }
    }
  }

  addPod(): Pod {
    const place = this.pods.length;
    this.configuration.set(`etcd-${place}`, peerUrlAt(place));
    const pod = this.#place(place);
    pod.container.begin({ running: false });
    return pod;
  }

  #place(place: number): Pod {
    const name = `etcd-${place}`;
    mkdirSync(this.#tempDir.join(name), { mode: 0o700 });
    mkdirSync(this.#tempDir.join(`temp-${name}`), { mode: 0o700 });
    this.api.add(name);
    const member = this.cluster.addPlace(name, peerUrlAt(place));
    const begun = this.#starter.begin(member);
    const pod: Pod = Object.assign(begun, { member, atStart: { restorable: 0, members: 0 } }) as Pod;
    Object.assign(pod, { container: new EtcdContainer(this, pod) });
    this.pods.push(pod);
    return pod;
  }

  #writeAgain(): void {
    if (this.#writes) {
      const random = this.#streams.of('writes');
      for (let count = random.integer(4); count > 0; count--) {
        this.cluster.write();
      }
      this.time.after(random.integer(this.#writePeriodMs), () => this.#writeAgain());
    }
  }

  async #live(): Promise<void> {
    this.#writeAgain();
    await this.time.pass(this.random.integer(30_000));
    for (let left = faultCount.least + this.random.integer(faultCount.more + 1); left > 0; left--) {
      this.#options.onStep?.(this);
      const fault = await nextFault(this);
      this.chronicle.tell('fault', fault);
      await this.time.pass(this.random.integer(this.random.pick([500, 5_000, 20_000, 60_000])));
      this.invariants.check();
    }
    await this.#calm();
    await this.#stop();
  }

  async #calm(): Promise<void> {
    this.heal();
    this.chronicle.tell('fault', 'all is well from now on');
    this.invariants.calmBegins();
    await this.time.pass(calm.leastMs);
    for (let passed = calm.leastMs; passed < calm.mostMs && !this.invariants.isCalm; passed += calm.stepMs) {
      await this.time.pass(calm.stepMs);
      this.invariants.check();
    }
    this.invariants.checkCalm();
    await this.#requestDelta();
  }

  /**
   * A delta that is asked for when all is well has everything that was acknowledged before, each time. A sidecar that has just begun to lead
   * may refuse it for a minute, and so may one whose watch has broken off.
   */
  async #requestDelta(): Promise<void> {
    let taken = 0;
    for (let asked = 0; asked < 14 && taken < 2; asked++) {
      const leading = this.pods.find(({ member }) => member === this.cluster.leader);
      const access = leading?.life.snapshots;
      if (access?.kind !== 'leads') {
        return;
      }
      this.cluster.write();
      const askedAt = this.time.now;
      await this.time.pass(1);
      this.request('delta when all is well', access.taker.takeDelta());
      await this.#untilAnswered();
      if (asked === 13 || !this.requests.at(-1)?.answer?.includes('ask again later')) {
        this.invariants.checkRequested(askedAt + 1);
        taken++;
      }
    }
  }

  /** The delta that is asked for waits so long for what etcd has accepted, and its upload may take a while. */
  async #untilAnswered(): Promise<void> {
    const stepMs = 5_000;
    const mostMs = 30_000;
    for (let passed = 0; passed < mostMs && this.requests.at(-1)?.answer === undefined; passed += stepMs) {
      await this.time.pass(stepMs);
    }
  }

  async #stop(): Promise<void> {
    this.#writes = false;
    this.chronicle.tell('fault', 'all are asked to stop');
    const isSlow = this.random.oneIn(4);
    if (isSlow) {
      // A full that has just begun would take longer than they may.
      this.store.mood = 'slow';
      this.chronicle.tell('fault', 'the store is slow');
      for (const pod of this.pods) {
        ask(this, pod, 'full');
      }
      await this.time.pass(this.random.integer(2_000));
    }
    for (const { process } of this.pods) {
      process.stop.abort(new Error('SIGTERM'));
    }
    await this.time.pass(stopMs);
    this.invariants.checkStopped({ store: isSlow ? 'slow' : 'well' });
  }

  async #end(): Promise<void> {
    this.#writes = false;
    for (const { process, container } of this.pods) {
      container.end();
      process.kill();
    }
    using _files = this.#tempDir;
    await this.time.pass(60_000);
    for (const { member } of this.pods) {
      await this.directories.unlock(member);
    }
  }
}

function peerUrlAt(place: number): string {
  return `http://10.0.0.${place + 1}:2380`;
}
