import { untilAborted } from '../runtime/async/until-aborted.ts';
import type { Logger } from '../runtime/log/logger.ts';

/** Something that is done now and then in the background, never twice at once. A failure is logged, and nothing waits for it. */
export class BackgroundTask {
  readonly #name: string;
  readonly #work: (signal: AbortSignal) => Promise<void>;
  readonly #context: { readonly signal: AbortSignal; readonly log: Logger };
  #running: Promise<void> | undefined;
  #isWanted = false;

  /** `name` is what is done, as it reads after "Failed to". The context's signal ends it. */
  constructor(
    name: string,
    work: (signal: AbortSignal) => Promise<void>,
    context: { readonly signal: AbortSignal; readonly log: Logger },
  ) {
    this.#name = name;
    this.#work = work;
    this.#context = context;
  }

  /** Does it, after what goes on of it. */
  want(): void {
    this.#isWanted = true;
    this.#running ??= this.#doWanted().finally(() => {
      this.#running = undefined;
    });
  }

  /** Does it unless it goes on. */
  wantOne(): void {
    if (this.#running === undefined) {
      this.want();
    }
  }

  /** Resolves when it does not go on. */
  async ended(): Promise<void> {
    await this.#running;
  }

  async #doWanted(): Promise<void> {
    const { signal, log } = this.#context;
    while (this.#isWanted && !signal.aborted) {
      this.#isWanted = false;
      try {
        // The end does not wait for work that cannot be aborted, such as reading a file on a mount that hangs.
        await untilAborted(this.#work(signal), signal);
      } catch (error) {
        if (!signal.aborted) {
          log.warn({ error }, `Failed to ${this.#name}: ${error instanceof Error ? error.message : error}`);
        }
      }
    }
  }
}
