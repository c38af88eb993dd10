import { Failure } from '../../runtime/failure.ts';
import { errorText } from '../../runtime/log/error-text.ts';
import type { Logger } from '../../runtime/log/logger.ts';

/** Whether the renewal of one lease works: a line in the log each time that changes, and none in between. */
export class LeaseCondition {
  readonly #lease: string;
  readonly #log: Logger;
  #trouble: string | undefined;

  /** `lease` names it in the log, such as `the lease of full snapshots`. */
  constructor(lease: string, log: Logger) {
    this.#lease = lease;
    this.#log = log;
  }

  /** The lease was renewed. */
  renewed(): void {
    if (this.#trouble !== undefined) {
      this.#trouble = undefined;
      this.#log.info(`Renewed ${this.#lease} again`);
    }
  }

  /** The lease could not be renewed, or is left as it is for the reason given. */
  failed(error: unknown): void {
    const trouble = error instanceof Failure ? error.code : 'unexpected';
    if (trouble !== this.#trouble) {
      this.#trouble = trouble;
      this.#log.warn({ error }, `Cannot renew ${this.#lease}; backups go on: ${errorText(error)}`);
    }
  }

  /** It holds a higher revision, which is never lowered: it stays as it is until etcd gets there. */
  higher(): void {
    if (this.#trouble !== 'higher') {
      this.#trouble = 'higher';
      this.#log.warn(
        `Nothing was written into ${this.#lease}: it holds a higher revision, from before etcd went back to an older state`,
      );
    }
  }
}
