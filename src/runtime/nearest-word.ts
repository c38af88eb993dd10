/**
 * The candidate that is closest to a misspelt word; undefined when none is close: a third of the letters may differ, and no more than
 * `most` where it is given.
 */
export function nearestWord(
  word: string,
  candidates: Iterable<string>,
  { most = Number.POSITIVE_INFINITY }: { readonly most?: number } = {},
): string | undefined {
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    const longer = Math.max(word.length, candidate.length);
    const limit = Math.min(most, Math.max(1, Math.floor(longer * 0.34)));
    // The distance is at least this.
    if (Math.abs(word.length - candidate.length) > limit) {
      continue;
    }
    const [from, to] = [word.toLowerCase(), candidate.toLowerCase()];
    const distance = mayBeWithin(from, to, limit) ? editDistance(from, to, limit) : Number.POSITIVE_INFINITY;
    if (distance <= limit && (best === undefined || distance < best.distance)) {
      best = { candidate, distance };
    }
  }
  return best?.candidate;
}

/**
 * False only when the distance is above `limit`. A mistake alters at most two of the pieces that a word is cut into, so with one piece more
 * than twice the mistakes, one piece stays as it was. This is much faster than the distance: each start compares every variable of its
 * environment with many names, and a pod has hundreds.
 */
function mayBeWithin(from: string, to: string, limit: number): boolean {
  const pieces = 2 * limit + 1;
  const size = Math.floor(to.length / pieces);
  for (let piece = 0; piece < pieces && size > 0; piece++) {
    if (from.includes(to.slice(piece * size, (piece + 1) * size))) {
      return true;
    }
  }
  return size === 0;
}

/**
 * Number of insertions, deletions, replacements and swaps of neighbours between two words (optimal string alignment); where it is
 * above `limit`, any number that is, too.
 */
function editDistance(from: string, to: string, limit: number): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    let least = row;
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const aligned = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
        swapped ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
      current.push(aligned);
      least = Math.min(least, aligned);
    }
    // No later row has less: a swap continues the row before this one, whose least is at most one less, and costs one.
    if (least > limit) {
      return least;
    }
    beforeLast = last;
    last = current;
  }
  return at(last, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
