/** A repeatable source of choices. */
export interface Random {
  /** A whole number from 0 up to but without `below`. */
  integer(below: number): number;
  /** One of the choices. */
  pick<T>(choices: readonly T[]): T;
  /** True once in `times`. */
  oneIn(times: number): boolean;
}

/** Mulberry32: small, fast, and the same everywhere for the same seed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (below: number): number => Math.floor(next() * below);
  return {
    integer,
    oneIn: (times) => integer(times) === 0,
    pick: (choices) => {
      const choice = choices[integer(choices.length)];
      if (choice === undefined) {
        throw new RangeError('nothing to pick from');
      }
      return choice;
    },
  };
}
