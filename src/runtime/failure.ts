import type { FailureCode } from './failure-code.ts';
import { limits } from './limits.ts';
import { cutText } from './log/cut-text.ts';

/** What a failure says, in the order a reader needs it. */
export interface FailureParts {
  /** What went wrong, for scripts and metrics. */
  readonly code: FailureCode;
  /** What was being done, as it reads after "cannot": `restore into`, `reach etcd at`. */
  readonly action: string;
  /** What it was done to: a path, an object name, an endpoint. Never a secret. */
  readonly object: string;
  /** What was found: `it already contains member/`. Cut when it is long, as what others say may be. */
  readonly found: string;
  /** What the reader can do now: `move it away or choose another --data-dir`. */
  readonly remedy?: string | undefined;
  /** The error that caused it. */
  readonly cause?: unknown;
}

/**
 * An expected failure: its message is one line that a person can act on.
 * Reads "cannot ACTION OBJECT: FOUND; REMEDY".
 */
export class Failure extends Error {
  readonly code: FailureCode;
  /** What was being done, see {@link FailureParts.action}. */
  readonly action: string;
  /** What it was done to, see {@link FailureParts.object}. */
  readonly object: string;
  /** The process exit code `main` gives this failure: 1 failed operation, 2 bad usage, that of a signal where one left something undone. */
  readonly exitCode: number = 1;
  /** Whether what its causes say is shown after its own message: not where they are errors of libraries that it puts into our words. */
  readonly showsCauses: boolean = true;
  readonly #parts: FailureParts;

  constructor(parts: FailureParts) {
    const remedy = parts.remedy === undefined ? '' : `; ${parts.remedy}`;
    const options = parts.cause === undefined ? undefined : { cause: parts.cause };
    const found = cutText(parts.found, limits.message.most / 2);
    super(`cannot ${parts.action} ${parts.object}: ${found}${remedy}`, options);
    this.name = new.target.name;
    this.code = parts.code;
    this.action = parts.action;
    this.object = parts.object;
    this.#parts = parts;
  }

  /** What was found, see {@link FailureParts.found}. */
  get foundText(): string {
    return this.#parts.found;
  }

  /** What to do now, see {@link FailureParts.remedy}. */
  get remedy(): string | undefined {
    return this.#parts.remedy;
  }

  /** What it says, without the name of a class, as log lines and other errors quote it. */
  override toString(): string {
    return this.message;
  }

  /** The same failure, with one more thing that the reader can do. */
  advising(more: string): Failure {
    const { remedy } = this.#parts;
    return new Failure({ ...this.#parts, remedy: remedy === undefined ? more : `${remedy}; ${more}` });
  }

  /** The same of another action. */
  doing(action: string): Failure {
    return new Failure({ ...this.#parts, action });
  }

  /** The same with another remedy. */
  withRemedy(remedy: string): Failure {
    return new Failure({ ...this.#parts, remedy });
  }
}
