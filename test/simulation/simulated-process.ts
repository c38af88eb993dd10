import type { Clock } from '../../src/runtime/clock.ts';
import type { Happening, VirtualTime } from './virtual-time.ts';

/** How long a request and its answer are on their way, ms. */
export interface Travel {
  readonly thereMs: number;
  readonly backMs: number;
}

/** When the wall clocks of all processes begin. */
const beginning = Date.parse('2026-11-21T08:00:00Z');

/**
 * One process: it may be paused, its wall clock may jump, and it may die. What others do for it goes on meanwhile: a request that
 * was sent is carried out, and its answer waits until the process runs again.
 */
export class SimulatedProcess {
  readonly name: string;
  /** Aborts when the process is asked to stop, and when it dies. */
  readonly stop = new AbortController();
  readonly clock: Clock;
  readonly #time: VirtualTime;
  readonly #pending = new Set<(reason: unknown) => void>();
  #held: (() => void)[] | undefined;
  #isDead = false;
  #clockOffset: number;
  /** When its member last answered that it leads, ms. */
  ledAt = Number.NEGATIVE_INFINITY;
  /** When its snapshotter has begun, ms. */
  snapshotter: { readonly at: number } | undefined;
  /** When it has sent what it is about to publish, it is stopped for so many ms as soon as its member has told whether it leads. */
  pausesToPublish: number | undefined;
  /** It is stopped for so many ms as soon as it has asked for a deletion: more may follow when it wakes up. */
  pausesToDelete: number | undefined;
  #pausesAtAnswer: number | undefined;
  /** When it was last told to go on, ms. */
  resumedAt = 0;

  /** `clockOffset` is what its machine's wall clock differs from the true time, ms. */
  constructor(name: string, time: VirtualTime, clockOffset: number) {
    this.name = name;
    this.#time = time;
    this.#clockOffset = clockOffset;
    this.clock = {
      now: () => beginning + time.now + this.#clockOffset,
      monotonic: () => time.now,
      sleep: (ms, signal) => {
        let happening: Happening | undefined;
        return this.#wait<void>(
          (done) => {
            happening = time.after(ms, () => this.#deliver(done));
          },
          signal,
          () => happening?.cancel(),
        );
      },
    };
  }

  get isPaused(): boolean {
    return this.#held !== undefined;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Moves its wall clock, ms. */
  jump(ms: number): void {
    this.#clockOffset += ms;
  }

  /** Stops it as SIGSTOP does, for `ms` milliseconds. */
  pause(ms: number): void {
    if (this.#held === undefined) {
      this.#held = [];
      this.#time.after(ms, () => this.#resume());
    }
  }

  /** Nothing is planned for it any more. */
  rest(): void {
    this.pausesToPublish = undefined;
    this.pausesToDelete = undefined;
    this.#pausesAtAnswer = undefined;
  }

  /** A part of an upload was written. */
  partWritten(): void {
    this.#pausesAtAnswer = this.pausesToPublish;
    this.pausesToPublish = undefined;
  }

  /** It has asked for a deletion; the answer is not there yet. */
  deletionAsked(): void {
    if (this.pausesToDelete !== undefined) {
      this.pause(this.pausesToDelete);
      this.pausesToDelete = undefined;
    }
  }

  /** Its member has told whether it leads; the answer is on its way. */
  memberAnswered(): void {
    if (this.#pausesAtAnswer !== undefined) {
      this.pause(this.#pausesAtAnswer);
      this.#pausesAtAnswer = undefined;
    }
  }

  /** Ends it as SIGKILL does: it has no further effect. What it has sent is still carried out. */
  kill(): void {
    this.#isDead = true;
    this.#held = undefined;
    const death = new Error(`${this.name} is dead`);
    this.stop.abort(death);
    for (const reject of this.#pending) {
      reject(death);
    }
    this.#pending.clear();
  }

  /** Sends a request whose `effect` takes place elsewhere; its result or error comes back. */
  call<T>(effect: () => T, { thereMs, backMs }: Travel, signal?: AbortSignal): Promise<T> {
    return this.#wait<T>((done, fail) => {
      this.#time.after(thereMs, () => {
        let answer: () => void;
        try {
          const result = effect();
          answer = () => done(result);
        } catch (error) {
          answer = () => fail(error);
        }
        this.#time.after(backMs, () => this.#deliver(answer));
      });
    }, signal);
  }

  /** Waits for `begin` to call back; rejects when the signal aborts or the process dies, after `giveUp`. */
  #wait<T>(
    begin: (done: (value: T) => void, fail: (error: unknown) => void) => unknown,
    signal?: AbortSignal,
    giveUp?: () => void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (signal?.aborted === true || this.#isDead) {
        reject(this.#isDead && signal?.aborted !== true ? new Error(`${this.name} is dead`) : signal?.reason);
        return;
      }
      // It is one of the most frequent things: no more is made for it than it needs.
      const over = (): void => {
        this.#pending.delete(lose);
        signal?.removeEventListener('abort', abort);
      };
      const lose = (reason: unknown): void => {
        over();
        giveUp?.();
        reject(reason);
      };
      const abort = (): void => lose(signal?.reason);
      this.#pending.add(lose);
      signal?.addEventListener('abort', abort, { once: true });
      begin(
        (value) => {
          over();
          resolve(value);
        },
        (error) => {
          over();
          reject(error);
        },
      );
    });
  }

  #deliver(news: () => void): void {
    if (this.#held === undefined) {
      news();
    } else {
      this.#held.push(news);
    }
  }

  /** What has come meanwhile is noticed one after the other. */
  #resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.resumedAt = this.#time.now;
    for (const news of held) {
      this.#time.after(0, () => this.#deliver(news));
    }
  }
}
