import { untilAborted } from '../../../runtime/async/until-aborted.ts';

/** The turns of a watch: a new history begins between two of them, so that events of two histories are never buffered together. */
export class WatchTurns {
  #closed: PromiseWithResolvers<void> | undefined;
  #turn: { readonly controller: AbortController; readonly ended: Promise<void> } | undefined;

  /**
   * Does `work` as soon as turns are allowed; its signal aborts with `signal` and when the turn is interrupted. Rejects as `work`
   * does, and with the reason of `signal` when that aborts before.
   */
  async take(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<'ended' | 'interrupted'> {
    await this.allowed(signal);
    const controller = new AbortController();
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    this.#turn = { controller, ended };
    try {
      await work(AbortSignal.any([signal, controller.signal]));
    } catch (error) {
      if (!controller.signal.aborted) {
        throw error;
      }
    } finally {
      this.#turn = undefined;
      resolve();
    }
    return controller.signal.aborted ? 'interrupted' : 'ended';
  }

  /** Resolves when turns are allowed; rejects when the signal aborts. */
  async allowed(signal: AbortSignal): Promise<void> {
    while (this.#closed !== undefined) {
      await untilAborted(this.#closed.promise, signal);
    }
  }

  /** Ends the turn that goes on and waits for its end. No other one begins until {@link allow}. */
  async close(): Promise<void> {
    this.#closed ??= Promise.withResolvers();
    const turn = this.#turn;
    turn?.controller.abort(new Error('a new history begins'));
    await turn?.ended;
  }

  /** Lets turns begin again. */
  allow(): void {
    this.#closed?.resolve();
    this.#closed = undefined;
  }
}
