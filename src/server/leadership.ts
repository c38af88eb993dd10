import type { MemberStatus } from '../etcd/cluster.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log/logger.ts';
import { type Answer, askOwnMember, type OwnMember } from './own-member.ts';
import type { Seen } from './transitions.ts';

/** What one look at our own member has found. */
export type Look =
  | { readonly seen: Exclude<Seen, 'nothing'>; readonly status: MemberStatus }
  | { readonly seen: 'nothing'; readonly why: unknown };

/** How our member is looked at. */
export interface LeadershipOptions {
  readonly member: OwnMember;
  /** The pause between the end of one look and the next, ms. */
  readonly periodMs: number;
  /** How long a look may take, ms. */
  readonly timeoutMs: number;
  /** Called after every look that was not overtaken by a later one. Must be quick. */
  readonly onLook: (look: Look) => void;
}

/** How long the first answer of etcd is waited for, and how often it is asked for, ms. */
const firstAnswer = { timeoutMs: 2_000, periodMs: 4_000 };

/** Asks our own member whether it leads. A look has its own bound and waits for nothing else. */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #context: { readonly clock: Clock; readonly log: Logger };
  #begun = 0;
  #reported = 0;
  /** When the newest look that saw us lead was begun; the monotonic clock stands still while a machine is suspended. */
  #led: { readonly monotonic: number; readonly now: number } | undefined;

  constructor(options: LeadershipOptions, context: { readonly clock: Clock; readonly log: Logger }) {
    this.#options = options;
    this.#context = context;
  }

  /** Resolves when etcd has answered for the first time. Asks at once, and then every 4 seconds. Rejects when the signal aborts. */
  async untilAnswered(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#context;
    let said: string | undefined;
    for (;;) {
      const begunAt = clock.monotonic();
      const answer = await askOwnMember(this.#options.member, { ...firstAnswer, signal, clock });
      if ('status' in answer) {
        return;
      }
      const text = `Waiting for etcd: ${answer.why instanceof Error ? answer.why.message : answer.why}`;
      log[text === said ? 'debug' : 'info'](text);
      said = text;
      await clock.sleep(Math.max(0, firstAnswer.periodMs - (clock.monotonic() - begunAt)), signal);
    }
  }

  /** Looks at once and then again and again, until the signal aborts; rejects then. */
  async run(signal: AbortSignal): Promise<never> {
    for (;;) {
      await this.look(signal);
      await this.#context.clock.sleep(this.#options.periodMs, signal);
    }
  }

  /** One look. Rejects only when the signal aborts. */
  async look(signal: AbortSignal): Promise<Look> {
    const { member, timeoutMs, onLook } = this.#options;
    const { clock } = this.#context;
    this.#begun += 1;
    const number = this.#begun;
    const begun = { monotonic: clock.monotonic(), now: clock.now() };
    const look = lookOf(await askOwnMember(member, { timeoutMs, signal, clock }));
    if (number > this.#reported) {
      this.#reported = number;
      this.#led = look.seen === 'leader' ? begun : this.#led;
      onLook(look);
    }
    return look;
  }

  /** Whether a look saw us lead within the last `ms` milliseconds, as both clocks say: one stands still in a suspend, the other can be set. */
  hasLedWithin(ms: number): boolean {
    const { clock } = this.#context;
    return (
      this.#led !== undefined && clock.monotonic() - this.#led.monotonic <= ms && clock.now() - this.#led.now <= ms
    );
  }
}

function lookOf(answer: Answer): Look {
  if (!('status' in answer)) {
    return { seen: 'nothing', why: answer.why };
  }
  const { status } = answer;
  if (status.leaderId === undefined) {
    return { seen: 'nothing', why: new Error('our etcd member knows no leader') };
  }
  if (status.memberId === status.leaderId) {
    return { seen: 'leader', status };
  }
  return { seen: status.isLearner ? 'learner' : 'follower', status };
}
