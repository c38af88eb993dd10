/** Most keys of one run; a longer one is divided. */
const LONGEST_RUN = 512;

/** Distinct keys in order. Adding and removing one costs little however many there are: they are kept in runs of bounded length. */
export class SortedKeys {
  readonly #runs: string[][];

  /** `keys` have to be distinct, in any order. */
  constructor(keys: Iterable<string>) {
    const sorted = [...keys].sort();
    this.#runs = [];
    for (let at = 0; at < sorted.length; at += LONGEST_RUN / 2) {
      this.#runs.push(sorted.slice(at, at + LONGEST_RUN / 2));
    }
  }

  /** Adds a key that is not there. */
  add(key: string): void {
    const at = this.#runFor(key);
    const run = this.#runs[at];
    if (run === undefined) {
      this.#runs.push([key]);
      return;
    }
    run.splice(lowerBound(run, key), 0, key);
    if (run.length > LONGEST_RUN) {
      this.#runs.splice(at + 1, 0, run.splice(LONGEST_RUN / 2));
    }
  }

  /** Removes a key that is there. */
  delete(key: string): void {
    const at = this.#runFor(key);
    const run = this.#runs[at];
    if (run === undefined) {
      return;
    }
    run.splice(lowerBound(run, key), 1);
    if (run.length === 0) {
      this.#runs.splice(at, 1);
    }
  }

  /** The keys from `from` on and before `to`, ascending; undefined is no upper end. */
  between(from: string, to: string | undefined): readonly string[] {
    const found: string[] = [];
    for (let at = this.#runFor(from); at < this.#runs.length; at++) {
      const run = this.#runs[at] ?? [];
      const end = to === undefined ? run.length : lowerBound(run, to);
      for (let index = lowerBound(run, from); index < end; index++) {
        found.push(run[index] ?? '');
      }
      if (end < run.length) {
        break;
      }
    }
    return found;
  }

  /** The last run that begins at or before `key`, or the first. */
  #runFor(key: string): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#runs[middle]?.[0] ?? '') <= key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return Math.max(0, low - 1);
  }
}

/** Index of the first key that is `key` or larger. */
function lowerBound(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = sorted[middle];
    if (at !== undefined && at < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
