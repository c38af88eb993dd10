import type { ValidationMode } from '../../src/operations/initialize/data-dir-state.ts';
import { judgeReplacement } from './judge-replacement.ts';
import { remembers } from './memory.ts';
import { startEtcd } from './start-etcd.ts';
import type { Container, Pod, World } from './world.ts';

/** Waits of etcd-wrapper between its questions, ms. */
const pollMs = 1_000;
/** How often it asks for the configuration before it begins anew. */
const configurationTries = 5;

/**
 * The container of etcd in a pod: etcd-wrapper, which asks the sidecar for an initialization before each start, and etcd. It is
 * started again whenever it ends.
 */
export class EtcdContainer implements Container {
  readonly #world: World;
  readonly #pod: Pod;
  #mode: ValidationMode = 'full';
  #heldUntil = 0;
  /** How often it was ended: what an initialization has found counts only until then. */
  #stops = 0;
  #isOver = false;
  /** What it waits for, for the history of a failure. */
  #phase = 'begins';
  #hasFailed = false;
  /** Whether something could tell, all the time since the initialization was begun whose result counts, that there was a cluster. */
  #isRemembered = true;

  constructor(world: World, pod: Pod) {
    this.#world = world;
    this.#pod = pod;
  }

  get phase(): string {
    return this.#phase;
  }

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  begin({ running }: { readonly running: boolean }): void {
    this.#run(running).catch((error) =>
      this.#world.invariants.violated(`the container of ${this.#name} fails: ${error}`),
    );
  }

  end(): void {
    this.#isOver = true;
  }

  stop(how: 'signal' | 'crash', ms: number): void {
    const { cluster, time } = this.#world;
    this.#heldUntil = Math.max(this.#heldUntil, time.now + ms);
    this.#stops += 1;
    if (this.#pod.member.isUp) {
      this.#mode = how === 'signal' ? 'sanity' : 'full';
      cluster.stopped(this.#pod.member);
    }
  }

  release(): void {
    this.#heldUntil = 0;
  }

  get #name(): string {
    return this.#pod.member.name;
  }

  async #run(running: boolean): Promise<void> {
    if (running) {
      await this.#untilEnded();
    }
    while (!this.#isOver) {
      this.#phase = 'is held';
      while (this.#world.time.now < this.#heldUntil && !this.#isOver) {
        await this.#sleep(pollMs);
      }
      const stops = this.#stops;
      await this.#initialize();
      const document = await this.#configuration();
      if (document === undefined || this.#isOver) {
        continue;
      }
      await this.#untilUnlocked();
      if (stops !== this.#stops) {
        continue;
      }
      const refusal = this.#startEtcd(document);
      if (refusal === undefined) {
        await this.#untilEnded();
      } else {
        this.#mode = 'full';
        this.#world.chronicle.tell(this.#name, `etcd ends at once: ${refusal}`);
        await this.#sleep(5_000);
      }
    }
  }

  /** Asks until the initialization is done. */
  async #initialize(): Promise<void> {
    const { directories, random } = this.#world;
    const { member } = this.#pod;
    this.#phase = 'waits for the initialization';
    while (!this.#isOver) {
      this.#isRemembered &&= remembers(this.#world, this.#pod);
      const { process, isRunning, life } = this.#pod;
      if (isRunning && !process.isPaused && !process.isDead) {
        const { word, sent } = life.initialization.read();
        this.#pod.starts.read(word);
        if (word !== 'Progress') {
          await judgeReplacement(this.#world, this.#pod);
        }
        if (word === 'New') {
          await directories.write(member);
          this.#start();
        } else if (!random.oneIn(20)) {
          sent();
        }
        if (word === 'Failed' || word === 'Successful') {
          this.#hasFailed = word === 'Failed';
        }
        if (word === 'Successful') {
          return;
        }
      }
      await this.#sleep(pollMs);
    }
  }

  /** Asks for an initialization, unless somebody else has begun one meanwhile. */
  #start(): void {
    const { life, starts } = this.#pod;
    const { word } = life.initialization.read();
    if (word === 'New') {
      // A result whose sending was lost is read again by the next start of etcd: what it rests on is as old as its initialization.
      this.#isRemembered = remembers(this.#world, this.#pod);
      starts.asked(this.#mode, word);
      life.initialization.start(this.#mode);
    }
  }

  async #configuration(): Promise<string | undefined> {
    this.#phase = 'asks for its configuration';
    for (let tries = 0; tries < configurationTries && !this.#isOver; tries++) {
      try {
        const { life, process } = this.#pod;
        return await life.etcdConfig({ signal: process.stop.signal });
      } catch {
        await this.#sleep(pollMs);
      }
    }
    return undefined;
  }

  /** An etcd waits for the lock of its database, which an initialization has. */
  async #untilUnlocked(): Promise<void> {
    this.#phase = 'waits for an initialization that somebody else has begun';
    while (this.#pod.isRunning && this.#pod.life.initialization.read().word === 'Progress' && !this.#isOver) {
      await this.#sleep(pollMs);
    }
    await judgeReplacement(this.#world, this.#pod);
  }

  #startEtcd(document: string): string | undefined {
    const { cluster, configuration, invariants, chronicle } = this.#world;
    const { member } = this.#pod;
    const refusal = startEtcd({
      cluster,
      member,
      configuration,
      document,
      onSecondCluster: (what) => {
        if (this.#isRemembered) {
          invariants.violated(what);
        } else {
          this.#hasFailed = true;
          chronicle.tell(this.#name, `${what}, which nobody could tell it; a person prevents it`);
        }
      },
      onLostCluster: () => invariants.lostCluster(member.name),
    });
    if (refusal === undefined) {
      chronicle.tell(this.#name, 'etcd runs');
    }
    return refusal;
  }

  async #untilEnded(): Promise<void> {
    const { cluster } = this.#world;
    this.#phase = 'runs';
    await cluster.untilStopped(this.#pod.member);
    await this.#world.directories.write(this.#pod.member);
    await this.#world.directories.unlock(this.#pod.member);
  }

  async #sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#world.time.after(ms, resolve);
    await promise;
  }
}
