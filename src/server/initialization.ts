import type { ValidationMode } from '../operations/initialize/data-dir-state.ts';
import type { InitializationAccess, InitializationWord } from './sidecar.ts';

/** What an initialization asks of the sidecar. */
export interface InitializationParts {
  /** One run. Rejects when the data directory is not ready for etcd; has logged why. */
  run(mode: ValidationMode): Promise<void>;
  /** Called when a run begins and when it ends. */
  onChange(is: 'begun' | 'ended'): void;
}

type State = { readonly word: 'New' } | { readonly word: 'Progress'; readonly ended: Promise<void> } | Result;

interface Result {
  readonly word: 'Successful' | 'Failed';
  /** The mode of a start that came before this was read. */
  next: ValidationMode | undefined;
}

/**
 * The state that a caller follows while a data directory is initialized on its request: `New`, `Progress`, then `Successful` or
 * `Failed` until that was read once. A start is never lost: one that comes before the result was read begins when it was.
 */
export class Initialization implements InitializationAccess {
  readonly #parts: InitializationParts;
  #state: State = { word: 'New' };

  constructor(parts: InitializationParts) {
    this.#parts = parts;
  }

  start(mode: ValidationMode): void {
    const state = this.#state;
    switch (state.word) {
      case 'New':
        this.#begin(mode);
        break;
      case 'Progress':
        break;
      case 'Successful':
      case 'Failed':
        state.next = mode;
        break;
      default:
        state satisfies never;
    }
  }

  read(): { readonly word: InitializationWord; readonly sent: () => void } {
    const state = this.#state;
    return { word: state.word, sent: () => this.#sent(state) };
  }

  /** Resolves when no run is going on. */
  async ended(): Promise<void> {
    const state = this.#state;
    if (state.word === 'Progress') {
      await state.ended;
    }
  }

  /** Two readers may have read the same result, the second one when another run has begun. */
  #sent(state: State): void {
    if (state !== this.#state || !('next' in state)) {
      return;
    }
    this.#state = { word: 'New' };
    if (state.next !== undefined) {
      this.#begin(state.next);
    }
  }

  #begin(mode: ValidationMode): void {
    this.#parts.onChange('begun');
    const end = (word: 'Successful' | 'Failed') => (): void => {
      this.#state = { word, next: undefined };
      this.#parts.onChange('ended');
    };
    this.#state = { word: 'Progress', ended: this.#parts.run(mode).then(end('Successful'), end('Failed')) };
  }
}
