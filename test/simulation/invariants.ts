import { CalmJudge } from './calm-judge.ts';
import type { Restorable } from './lines.ts';
import type { StoreListener } from './model-store.ts';
import { StoreContents } from './store-contents.ts';
import { StoreJudge } from './store-judge.ts';
import { Violations } from './violations.ts';
import type { Judge, World } from './world.ts';

/** What must be true of the cluster, its store and its sidecars, whatever happens. */
export class Invariants implements Judge {
  /** Hears of each change of the store. */
  readonly ofStore: StoreListener;
  readonly #world: World;
  readonly #violations: Violations;
  readonly #contents: StoreContents;
  readonly #calm: CalmJudge;
  /** The newest revision of the living line that could be restored. */
  #reached: Restorable | undefined;

  constructor(world: World) {
    this.#world = world;
    const violations = new Violations(world.chronicle);
    const contents = new StoreContents(world);
    this.#violations = violations;
    this.#contents = contents;
    this.#calm = new CalmJudge(world, { contents, violations });
    this.ofStore = new StoreJudge(world, { contents, violations });
  }

  violated(what: string): void {
    this.#violations.add(what);
  }

  get restorable(): Restorable | string | undefined {
    return this.#contents.restorable;
  }

  /** A cluster of one begins with nothing, although it had something. */
  lostCluster(name: string): void {
    if (this.#reached !== undefined || typeof this.restorable === 'object') {
      this.violated(`the etcd of ${name} begins anew, with nothing, though the store holds a backup`);
    }
  }

  /** What must be true at any time. */
  check(): void {
    this.#violations.throwIfAny();
    this.#checkHealth();
    this.#calm.checkBounds();
    const { cluster } = this.#world;
    const before = this.#reached;
    const now = this.restorable;
    if (typeof now === 'string') {
      if (before !== undefined && before.line === cluster.line) {
        this.violated(`the store reached revision ${before.revision}, and now ${now}`);
      }
    } else if (now !== undefined && now.line === cluster.line) {
      if (before !== undefined && before.line === now.line && now.revision < before.revision) {
        this.violated(`the store reached revision ${before.revision}, and now only ${now.revision}`);
      }
      this.#reached = now;
    }
    this.#violations.throwIfAny();
  }

  /** Nothing is wrong from now on. */
  calmBegins(): void {
    this.#calm.begin();
  }

  /** Whether all is as it must become when nothing is wrong for a while. */
  get isCalm(): boolean {
    return this.#violations.hasNone(() => this.#calm.judge());
  }

  /** What must be true after all was well for a while. */
  checkCalm(): void {
    this.check();
    this.#calm.judge();
    this.#violations.throwIfAny();
  }

  /** What must be true when a delta was asked for at this time, ms, and all was well. */
  checkRequested(askedAt: number): void {
    this.#calm.checkRecoveryPoint(askedAt);
    if (this.#world.requests.some(({ answer }) => answer === undefined)) {
      this.violated('the request for a delta was not answered');
    }
    this.#violations.throwIfAny();
  }

  /** What must be true after all were asked to stop. A slow store need not have taken the rest. */
  checkStopped({ store }: { readonly store: 'well' | 'slow' }): void {
    for (const { isRunning, process } of this.#world.pods) {
      if (isRunning) {
        this.violated(`${process.name} has not ended`);
      }
    }
    this.#calm.checkAnswers();
    if (this.#calm.canRecover && store === 'well') {
      this.#calm.checkRecoveryPoint(Number.POSITIVE_INFINITY);
    }
    this.#violations.throwIfAny();
  }

  #checkHealth(): void {
    const { pods, time } = this.#world;
    for (const { life, member, process, isRunning } of pods) {
      const since = member.notLeadingSince;
      const isLate = since !== undefined && time.now - Math.max(since, process.resumedAt) > 12_000;
      if (isRunning && !process.isPaused && isLate && life.healthy) {
        this.#violations.add(
          `${process.name} says it is healthy, and ${member.name} does not lead since ${since / 1_000}`,
        );
      }
    }
  }
}
