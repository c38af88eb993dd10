import type { ValidationMode } from '../../src/operations/initialize/data-dir-state.ts';
import type { InitializationWord } from '../../src/server/sidecar.ts';

/** What a sidecar was asked to begin, and what it began: no start may be lost. */
export class AskedStarts {
  readonly #violated: (what: string) => void;
  /** Of a start that counts and has not begun. */
  #waiting: ValidationMode | undefined;

  constructor(violated: (what: string) => void) {
    this.#violated = violated;
  }

  /** A start is about to be asked for, while the state is this. */
  asked(mode: ValidationMode, word: InitializationWord): void {
    if (word !== 'Progress') {
      this.#waiting = mode;
    }
  }

  /** A run has begun. */
  begun(mode: ValidationMode): void {
    if (this.#waiting !== undefined && this.#waiting !== mode) {
      this.#violated(`an initialization in mode ${mode} begins, and mode ${this.#waiting} was asked for`);
    }
    this.#waiting = undefined;
  }

  /** The state was read. */
  read(word: InitializationWord): void {
    if (word === 'New' && this.#waiting !== undefined) {
      this.#violated(`a start in mode ${this.#waiting} was swallowed`);
      this.#waiting = undefined;
    }
  }
}
