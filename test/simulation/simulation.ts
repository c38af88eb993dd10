import { existsSync, mkdirSync } from 'node:fs';
import { makeTempDir, type TempDir } from '../../scripts/lab/temp-dir.ts';
import { planMembership } from '../../src/datadir/membership/bootstrap.ts';
import type { ValidationMode } from '../../src/operations/initialize/data-dir-state.ts';
import type { Random } from '../support/fixtures/random.ts';
import { AskedStarts } from './asked-starts.ts';
import { Chronicle } from './chronicle.ts';
import { DataDirectories } from './data-directories.ts';
import { EtcdConfiguration } from './etcd-configuration.ts';
import { EtcdContainer } from './etcd-container.ts';
import { nextFault } from './faults.ts';
import type { GoldenMember } from './golden-member.ts';
import { Invariants } from './invariants.ts';
import { ModelApiServer, snapshotLeases } from './model-api-server.ts';
import { ModelCluster } from './model-cluster.ts';
import { ModelConnection } from './model-connection.ts';
import { ModelDatabases } from './model-databases.ts';
import type { ModelMember } from './model-member.ts';
import { ModelPeers } from './model-peers.ts';
import { ModelStore } from './model-store.ts';
import { RandomStreams } from './random-streams.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { beginLife } from './simulated-sidecar.ts';
import { VirtualTime } from './virtual-time.ts';
import type { Container, MadeRequest, Pod, World } from './world.ts';
import { WrittenObjects } from './written-objects.ts';

/** Bounds of a simulation. */
export interface SimulationOptions {
  readonly seed: number;
  readonly golden: GoldenMember;
  /** Is called before each step: what else a test does to it. */
  readonly onStep?: (simulation: Simulation) => void;
}

/** Files in memory, where there are any. */
const memoryDir = '/dev/shm';
/** Faults, one after the other. */
const steps = 9;
/** How long all is well at the end before everything has to be right again, ms: it is looked at several times. */
const calm = { leastMs: 45_000, mostMs: 250_000, stepMs: 10_000 };
/** How long a sidecar may take to end when it is asked to, ms. */
const stopMs = 20_000;

/** The sidecars of a cluster over models of all that they meet, and everything that is known about them. */
export class Simulation implements World {
  readonly time = new VirtualTime();
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
  readonly requests: MadeRequest[] = [];
  readonly hasStore: boolean;
  readonly hasLeases: boolean;
  readonly #options: SimulationOptions;
  readonly #tempDir: TempDir;
  readonly #databases: ModelDatabases;
  #lives = 0;
  #writes = true;
  /** The longest pause of who writes. */
  readonly #writePeriodMs: number;

  constructor(options: SimulationOptions) {
    this.#options = options;
    const { seed, golden } = options;
    const { time } = this;
    const streams = new RandomStreams(seed);
    this.#streams = streams;
    this.random = streams.of('faults');
    const tempDir = makeTempDir(existsSync(memoryDir) ? { parent: memoryDir } : {});
    this.#tempDir = tempDir;
    this.chronicle = new Chronicle(time, tempDir.path);
    const { random, chronicle } = this;
    this.#databases = new ModelDatabases(golden, tempDir);
    this.directories = new DataDirectories({ dir: tempDir, golden, databases: this.#databases });
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
    this.store = new ModelStore({ time, streams, listener: this.invariants });
    this.#writePeriodMs = random.pick([1_500, 15_000, 15_000]);
    const size = random.oneIn(4) ? 1 : 3;
    this.hasStore = !random.oneIn(8);
    this.hasLeases = !random.oneIn(4);
    const runs = !random.oneIn(8);
    for (let place = 0; place < size; place++) {
      this.configuration.set(`etcd-${place}`, peerUrlAt(place));
    }
    for (let place = 0; place < size; place++) {
      this.#place(place);
    }
    if (runs) {
      this.#startAll();
    }
    for (const { container } of this.pods) {
      container.begin({ running: runs });
    }
  }

  /** Runs it to its end. Throws an Error with the whole history when something is wrong. */
  async run(): Promise<void> {
    try {
      this.#writeAgain();
      await this.time.pass(this.random.integer(30_000));
      for (let step = 1; step <= steps; step++) {
        this.#options.onStep?.(this);
        const fault = await nextFault(this);
        this.chronicle.tell('fault', fault);
        await this.time.pass(this.random.integer(this.random.pick([500, 5_000, 20_000, 60_000])));
        this.invariants.check();
      }
      await this.#calm();
      await this.#stop();
    } catch (error) {
      const again = `Again: SIMULATION_SEED=${this.#options.seed} make simulate`;
      throw new Error([error instanceof Error ? error.message : error, again, this.chronicle.text].join('\n'), {
        cause: error,
      });
    } finally {
      await this.#end();
    }
  }

  restart(pod: Pod): void {
    if (this.#writes) {
      Object.assign(pod, this.#begin(pod.member));
    }
  }

  request(what: string, answer: Promise<unknown>): void {
    const request: MadeRequest = { what, at: this.time.now, answer: undefined };
    this.requests.push(request);
    const note = (text: string): void => {
      request.answer = text;
      this.chronicle.tell('request', `${what}: ${text}`);
    };
    answer.then(
      (value) => note(nameOf(value)),
      (error) => note(error instanceof Error ? error.message : String(error)),
    );
  }

  heal(): void {
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
    const begun = this.#begin(member);
    const pod: Pod = Object.assign(begun, { member, atStart: { restorable: 0, members: 0 } }) as Pod;
    Object.assign(pod, { container: new EtcdContainer(this, pod) });
    this.pods.push(pod);
    return pod;
  }

  /** The cluster runs when the simulation begins. */
  #startAll(): void {
    const { cluster, configuration } = this;
    const { members, clusterId } = planMembership(configuration.planOf('etcd-0'));
    cluster.clusterId = clusterId;
    cluster.list.begin(
      members.map(({ id, name, peerUrls }) => ({
        id,
        name,
        peerUrls,
        clientUrls: [`http://${name}:2379`],
        isLearner: false,
      })),
    );
    for (const member of cluster.members) {
      const id = members.find(({ name }) => name === member.name)?.id ?? 0n;
      member.disk = { id, clusterId, health: 'sound' };
      cluster.started(member);
    }
  }

  #begin(member: ModelMember): Omit<Pod, 'member' | 'container' | 'atStart'> {
    const { time, cluster, objects, chronicle } = this;
    const streams = this.#streams;
    this.#lives += 1;
    const process = new SimulatedProcess(`${member.name}#${this.#lives}`, time, streams.of('clocks').integer(5_000));
    const connection = new ModelConnection({
      cluster,
      member,
      process,
      streams,
      databases: this.#databases,
      onDatabase: (database, state) => objects.sent(database, state),
    });
    const starts = new AskedStarts((what) => this.invariants.violated(`${process.name}: ${what}`));
    const log = chronicle.logOf(process, (line) => this.#heard(line, starts));
    const bucket = this.store.bucketOf(process);
    const begun = beginLife({
      name: member.name,
      process,
      connection,
      peers: new ModelPeers(cluster, member),
      configuration: this.configuration,
      api: this.hasLeases ? this.api : undefined,
      bucket: this.hasStore ? bucket : undefined,
      tempDir: this.#tempDir.join(`temp-${member.name}`),
      dataDir: this.directories.pathOf(member),
      log,
      stopWrapper: () => this.#containerOf(member)?.stop('signal', 0),
      random: () => streams.of(`${process.name} jitter`).integer(1_000) / 1_000,
    });
    const pod = { process, life: begun, isRunning: true, starts };
    begun.run().then(
      () => this.#ended(process),
      (error) => {
        this.#ended(process);
        if (!process.isDead) {
          this.invariants.violated(`the life of ${process.name} has ended by ${error}`);
        }
      },
    );
    return pod;
  }

  #ended(process: SimulatedProcess): void {
    for (const pod of this.pods) {
      if (pod.process === process) {
        pod.isRunning = false;
      }
    }
  }

  #containerOf(member: ModelMember): Container | undefined {
    return this.pods.find((pod) => pod.member === member)?.container;
  }

  /** What a sidecar has logged. */
  #heard(line: string, starts: AskedStarts): void {
    const mode = /^Initialization of .* begins, in mode (full|sanity)$/.exec(line)?.[1] as ValidationMode | undefined;
    const pod = this.pods.find((each) => each.starts === starts);
    if (mode !== undefined && pod !== undefined) {
      const { restorable } = this.invariants;
      pod.atStart = {
        restorable: typeof restorable === 'object' ? restorable.revision : 0,
        members: this.configuration.size,
      };
      starts.begun(mode);
    }
    if (line.includes('by a fault') || /^The snapshotter has ended.* but the backup ends at [1-9]/.test(line)) {
      this.invariants.violated(`a sidecar has met what it never should: ${line}`);
    }
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

  async #calm(): Promise<void> {
    this.heal();
    this.chronicle.tell('fault', 'all is well from now on');
    await this.time.pass(calm.leastMs);
    for (let passed = calm.leastMs; passed < calm.mostMs && !this.invariants.isCalm; passed += calm.stepMs) {
      await this.time.pass(calm.stepMs);
      this.invariants.check();
    }
    this.invariants.checkCalm();
    await this.#requestDelta();
  }

  /** A delta that is asked for when all is well has everything that was acknowledged before, each time. */
  async #requestDelta(): Promise<void> {
    for (let again = 0; again < 2; again++) {
      const leading = this.pods.find(({ member }) => member === this.cluster.leader);
      const access = leading?.life.snapshots;
      if (access?.kind === 'leads') {
        this.cluster.write();
        const askedAt = this.time.now;
        await this.time.pass(1);
        this.request('delta when all is well', access.taker.takeDelta());
        await this.time.pass(5_000);
        this.invariants.checkRequested(askedAt + 1);
      }
    }
  }

  async #stop(): Promise<void> {
    this.#writes = false;
    this.chronicle.tell('fault', 'all are asked to stop');
    for (const { process } of this.pods) {
      process.stop.abort(new Error('SIGTERM'));
    }
    await this.time.pass(stopMs);
    this.invariants.checkStopped();
  }

  async #end(): Promise<void> {
    this.#writes = false;
    for (const { process, container } of this.pods) {
      container.end();
      process.kill();
    }
    await this.time.pass(60_000);
    for (const { member } of this.pods) {
      await this.directories.unlock(member);
    }
    this.#tempDir[Symbol.dispose]();
  }
}

function nameOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'name' in value ? String(value.name) : 'done';
}

function peerUrlAt(place: number): string {
  return `http://10.0.0.${place + 1}:2380`;
}
