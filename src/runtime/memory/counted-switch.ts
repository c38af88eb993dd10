/** A switch of the whole process, which is on while at least one scope wants it to be. */
export class CountedSwitch {
  readonly #turn: (to: 'on' | 'off') => void;
  #scopes = 0;

  /** `turn` is called only when the switch changes. It is off in the beginning. */
  constructor(turn: (to: 'on' | 'off') => void) {
    this.#turn = turn;
  }

  /** Keeps the switch on until it is disposed of, however many other scopes there are. */
  scope(): Disposable {
    let open = true;
    this.#scopes++;
    if (this.#scopes === 1) {
      this.#turn('on');
    }
    return {
      [Symbol.dispose]: () => {
        if (!open) {
          return;
        }
        open = false;
        this.#scopes--;
        if (this.#scopes === 0) {
          this.#turn('off');
        }
      },
    };
  }
}
