import type { Chronicle } from './chronicle.ts';

/** What was seen to be wrong in a simulation. */
export class Violations {
  readonly #chronicle: Chronicle;
  readonly #all: string[] = [];
  /** What is not right yet, while it may become right. */
  #attempt: string[] | undefined;

  constructor(chronicle: Chronicle) {
    this.#chronicle = chronicle;
  }

  add(what: string): void {
    if (this.#attempt !== undefined) {
      this.#attempt.push(what);
      return;
    }
    this.#all.push(what);
    this.#chronicle.tell('VIOLATION', what);
  }

  /** Whether `judge` adds none; what it adds is forgotten. */
  hasNone(judge: () => void): boolean {
    this.#attempt = [];
    try {
      judge();
      return this.#attempt.length === 0;
    } finally {
      this.#attempt = undefined;
    }
  }

  /** Throws an Error with all of them where there are any. */
  throwIfAny(): void {
    if (this.#all.length > 0) {
      throw new Error(this.#all.join('\n'));
    }
  }
}
