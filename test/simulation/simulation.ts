import { existsSync } from 'node:fs';
import { makeTempDir, type TempDir } from '../../scripts/lab/temp-dir.ts';
import type { Random } from '../support/fixtures/random.ts';
import { Chronicle } from './chronicle.ts';
import { nextFault } from './faults.ts';
import { Invariants } from './invariants.ts';
import { ModelCluster, type ModelMember } from './model-cluster.ts';
import { ModelConnection } from './model-connection.ts';
import { ModelStore } from './model-store.ts';
import { RandomStreams } from './random-streams.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { beginLife } from './simulated-sidecar.ts';
import { VirtualTime } from './virtual-time.ts';
import type { MadeRequest, Pod, World } from './world.ts';
import { WrittenObjects } from './written-objects.ts';

/** Bounds of a simulation. */
export interface SimulationOptions {
  readonly seed: number;
  /** Is called before each step: what else a test does to it. */
  readonly onStep?: (simulation: Simulation) => void;
}

/** Files in memory, where there are any. */
const memoryDir = '/dev/shm';
/** Faults, one after the other. */
const steps = 15;
/** How long all is well at the end, ms, before everything has to be right again. */
const calmMs = 300_000;
/** How long a sidecar may take to end when it is asked to, ms. */
const stopMs = 20_000;

/** Three sidecars over models of their cluster and store, and everything that is known about them. */
export class Simulation implements World {
  readonly time = new VirtualTime();
  readonly #streams: RandomStreams;
  readonly random: Random;
  readonly chronicle: Chronicle;
  readonly cluster: ModelCluster;
  readonly store: ModelStore;
  readonly objects = new WrittenObjects();
  readonly invariants: Invariants;
  readonly pods: Pod[] = [];
  readonly requests: MadeRequest[] = [];
  readonly #options: SimulationOptions;
  readonly #tempDir: TempDir;
  #lives = 0;
  #writes = true;

  constructor(options: SimulationOptions) {
    this.#options = options;
    const { seed } = options;
    const { time } = this;
    const streams = new RandomStreams(seed);
    this.#streams = streams;
    this.random = streams.of('faults');
    this.chronicle = new Chronicle(time);
    const { random, chronicle } = this;
    this.#tempDir = makeTempDir(existsSync(memoryDir) ? { parent: memoryDir } : {});
    const size = random.oneIn(4) ? 1 : 3;
    this.cluster = new ModelCluster(size, {
      time,
      random: streams.of('cluster'),
      tell: (what) => chronicle.tell('etcd', what),
    });
    this.invariants = new Invariants(this);
    this.store = new ModelStore({ time, streams, listener: this.invariants });
    for (const member of this.cluster.members) {
      this.pods.push(this.#begin(member));
    }
  }

  /** Runs it to its end. Throws an Error with the whole history when something is wrong. */
  async run(): Promise<void> {
    try {
      this.#writeAgain();
      await this.time.pass(this.random.integer(60_000));
      for (let step = 1; step <= steps; step++) {
        this.#options.onStep?.(this);
        const fault = nextFault(this);
        this.chronicle.tell('fault', fault);
        await this.time.pass(this.random.integer(this.random.pick([500, 5_000, 20_000, 90_000])));
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
    Object.assign(pod, this.#begin(pod.member));
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
    for (const member of this.cluster.members) {
      member.isCutOff = false;
      member.isSlow = false;
      member.isHanging = false;
      this.cluster.startMember(member);
    }
    this.cluster.changed();
    for (const pod of this.pods) {
      if (!pod.isRunning) {
        this.restart(pod);
      }
    }
  }

  #begin(member: ModelMember): Pod {
    const { time, cluster, objects, chronicle } = this;
    const streams = this.#streams;
    this.#lives += 1;
    const process = new SimulatedProcess(`${member.name}#${this.#lives}`, time, streams.of('clocks').integer(5_000));
    const connection = new ModelConnection({
      cluster,
      member,
      process,
      streams,
      onDatabase: (database, state) => objects.sent(database, state),
    });
    const log = chronicle.logOf(process);
    const bucket = this.store.bucketOf(process);
    const begun = beginLife({ process, connection, bucket, tempDir: this.#tempDir, log });
    const pod: Pod = { member, process, life: begun, isRunning: true };
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

  #writeAgain(): void {
    if (this.#writes) {
      const random = this.#streams.of('writes');
      for (let count = random.integer(4); count > 0; count--) {
        this.cluster.write();
      }
      this.time.after(random.integer(15_000), () => this.#writeAgain());
    }
  }

  async #calm(): Promise<void> {
    this.heal();
    this.chronicle.tell('fault', 'all is well from now on');
    await this.time.pass(calmMs);
    this.invariants.checkCalm();
    await this.#requestDelta();
  }

  /** A delta that is asked for when all is well has everything that was acknowledged before. */
  async #requestDelta(): Promise<void> {
    const leading = this.pods.find(({ member }) => member === this.cluster.leader);
    const access = leading?.life.snapshots;
    if (access?.kind === 'leads') {
      const askedAt = this.time.now;
      this.request('delta when all is well', access.taker.takeDelta());
      await this.time.pass(10_000);
      this.invariants.checkRequested(askedAt);
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
    for (const { process } of this.pods) {
      process.kill();
    }
    await this.time.pass(60_000);
    this.#tempDir[Symbol.dispose]();
  }
}

function nameOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'name' in value ? String(value.name) : 'done';
}
