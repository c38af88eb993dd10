import { type Random, seededChoices } from '../support/fixtures/random.ts';

/**
 * Random choices of a seed, a sequence of their own for each purpose: two things that go on at the same time, such as the check of a
 * file and its upload, must not take each other's.
 */
export class RandomStreams {
  readonly #seed: number;
  readonly #streams = new Map<string, Random>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** The sequence for a purpose. */
  of(purpose: string): Random {
    let stream = this.#streams.get(purpose);
    if (stream === undefined) {
      stream = seededChoices(hashOf(`${this.#seed} ${purpose}`));
      this.#streams.set(purpose, stream);
    }
    return stream;
  }
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}
