import type { Logger } from '../runtime/log/logger.ts';

/** What is done during one lead. It ends when the signal aborts. */
export type LeadWork = (lead: number, signal: AbortSignal) => Promise<void>;

/** Does the work of each lead, never two at once: the next one begins when that of the one before has ended. */
export class Leads {
  readonly #work: LeadWork;
  readonly #log: Logger;
  #current: AbortController | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(work: LeadWork, log: Logger) {
    this.#work = work;
    this.#log = log;
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
    if (signal.aborted) {
      return;
    }
    try {
      await this.#work(lead, signal);
    } catch (error) {
      if (!signal.aborted) {
        this.#log.error({ error }, `The work of a leader has ended by a fault: ${error}`);
      }
    }
  }
}
