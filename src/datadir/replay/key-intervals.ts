import type { KeyRange } from './key-range.ts';

/** A set of keys made of ranges. Those that touch become one, so that neither many ranges nor many keys take long. */
export class KeyIntervals {
  readonly #added: KeyRange[] = [];
  /** The ranges ascending, none touching the next; undefined when some have been added since. */
  #merged: readonly KeyRange[] | undefined;

  get isEmpty(): boolean {
    return this.#added.length === 0;
  }

  add(range: KeyRange): void {
    this.#added.push(range);
    this.#merged = undefined;
  }

  has(key: string): boolean {
    this.#merged ??= merged(this.#added);
    const ranges = this.#merged;
    let low = 0;
    let high = ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ranges[middle]?.from ?? '') <= key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    const last = ranges[low - 1];
    return last !== undefined && (last.to === undefined || key < last.to);
  }
}

function merged(ranges: readonly KeyRange[]): readonly KeyRange[] {
  const ascending = ranges
    .filter(({ from, to }) => to === undefined || from < to)
    .toSorted((a, b) => (a.from < b.from ? -1 : Number(a.from > b.from)));
  const result: { from: string; to: string | undefined }[] = [];
  for (const { from, to } of ascending) {
    const last = result.at(-1);
    if (last === undefined || (last.to !== undefined && last.to < from)) {
      result.push({ from, to });
    } else if (last.to !== undefined && (to === undefined || to > last.to)) {
      last.to = to;
    }
  }
  return result;
}
