import type { Logger } from '../../runtime/log/logger.ts';
import type { CredentialSource, ReadCredentials } from './credential-source.ts';

/** What is done without the credentials of a variable. */
export interface WithoutCredentials {
  /** The variable they would be in. */
  readonly variable: string;
  /** Ends the warning: `the AWS SDK looks for others`. */
  readonly instead: string;
  readonly log: Logger;
}

/**
 * Credentials of a store that works without them, too: the variable need not be set, and its path need not exist. An orchestrator may set
 * it and mount nothing there, so that the identity of the machine or the pod is used. A path without anything is warned of once; when
 * something appears there later, it is used. What was there once and is gone is a fault.
 */
export class OptionalCredentials<Fields> {
  readonly #source: CredentialSource<Fields> | undefined;
  readonly #without: WithoutCredentials;
  #wasRead = false;
  #warned = false;

  constructor(source: CredentialSource<Fields> | undefined, without: WithoutCredentials) {
    this.#source = source;
    this.#without = without;
  }

  /** The variable they would be in. */
  get variable(): string {
    return this.#without.variable;
  }

  /** Where they come from, for messages. */
  get location(): string {
    return this.#source?.location ?? this.#without.variable;
  }

  /** Why there are none, when nothing else is found either. */
  get lacking(): string {
    return this.#source === undefined
      ? `${this.#without.variable} is not set`
      : `nothing is at the path in ${this.#source.location}`;
  }

  /** Undefined when there are none. Throws Failures with code `credentials_…` for those that are there and cannot be used. */
  async read(): Promise<ReadCredentials<Fields> | undefined> {
    const present = await this.#present();
    if (present === undefined) {
      this.#warnOnce();
      return undefined;
    }
    const read = await present.read();
    this.#wasRead = true;
    return read;
  }

  /** As that of a {@link CredentialSource}; empty as long as there are none. */
  async state(): Promise<string> {
    return (await (await this.#present())?.state()) ?? '';
  }

  async #present(): Promise<CredentialSource<Fields> | undefined> {
    return this.#source !== undefined && (this.#wasRead || (await this.#source.isThere())) ? this.#source : undefined;
  }

  #warnOnce(): void {
    if (this.#source === undefined || this.#warned) {
      return;
    }
    this.#warned = true;
    const { instead, log } = this.#without;
    log.warn({ variable: this.#source.location }, `Nothing is at the path in ${this.#source.location}: ${instead}`);
  }
}
