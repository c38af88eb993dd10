import type { Clock } from '../runtime/clock.ts';
import { errorText } from '../runtime/log/error-text.ts';
import type { Logger } from '../runtime/log/logger.ts';

/** What is done during one lead. It ends when the signal aborts. */
export type TermWork = (lead: number, signal: AbortSignal) => Promise<void>;

/** What the work of leads goes on in. */
export interface TermsContext {
  /** Aborts when the process begins to end: the work ends by itself then. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The wait before work that has ended by a fault is begun again, ms. */
const againMs = 60_000;

/**
 * Does the work of each lead, never two at once: the next one begins when that of the one before has ended. Work that ends by a fault
 * is begun again, as nothing else would do it before the next lead.
 */
export class LeadershipTerms {
  readonly #work: TermWork;
  readonly #context: TermsContext;
  #current: AbortController | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(work: TermWork, context: TermsContext) {
    this.#work = work;
    this.#context = context;
  }

  /** Begins the work of a lead. Waits for nothing. */
  begin(lead: number): void {
    const controller = new AbortController();
    this.#current = controller;
    this.#last = this.#last.then(() => this.#do(lead, controller.signal));
  }

  /** Ends the work that goes on, or was to follow. Waits for nothing. */
  end(reason: unknown): void {
    this.#current?.abort(reason);
    this.#current = undefined;
  }

  /** Resolves when all work that was begun has ended. */
  async ended(): Promise<void> {
    await this.#last;
  }

  async #do(lead: number, signal: AbortSignal): Promise<void> {
    const { clock, log, signal: stop } = this.#context;
    const over = AbortSignal.any([signal, stop]);
    while (!over.aborted) {
      try {
        await this.#work(lead, signal);
        return;
      } catch (error) {
        if (!over.aborted) {
          log.error(
            { error },
            `What a leader does has ended by a fault, and begins again in ${againMs / 1_000} s: ${errorText(error)}`,
          );
          await clock.sleep(againMs, over).catch(() => undefined);
        }
      }
    }
  }
}
