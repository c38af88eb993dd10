/** Runs of each size, of which the fastest counts. */
const runs = 3;

/** How often a growth that looks large is measured again. */
const attempts = 4;

/** Below this the measurement is noise, ms. */
const noiseMs = 3;

/**
 * By what factor the time of `work` grows when its input becomes `factor` times as large: about `factor` for linear work, its square for
 * quadratic. Both are measured in the same run, so that a busy machine changes little.
 */
export function timeGrowth(work: (size: number) => void, { size, factor }: { size: number; factor: number }): number {
  work(size);
  let growth = Number.POSITIVE_INFINITY;
  // A busy machine makes it larger by chance, never smaller by much.
  for (let attempt = 0; attempt < attempts && growth > factor * 2; attempt++) {
    const small = fastest(() => work(size));
    const large = fastest(() => work(size * factor));
    growth = Math.min(growth, large / Math.max(small, noiseMs));
  }
  return growth;
}

function fastest(work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const begun = performance.now();
    work();
    best = Math.min(best, performance.now() - begun);
  }
  return best;
}
