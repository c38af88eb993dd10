import type { FoundInFull } from './key-index.ts';
import { type WantedPart, wantedParts } from './wanted-parts.ts';

/** Parts this near to each other are read together with what is between them, bytes of the object. */
const NEAR = 64 * 1024;
/** Bytes read at once, unless one part is longer. */
const MOST_AT_ONCE = 2 * 1024 * 1024;

/** Parts of members that are read with one request. */
export interface MemberRun {
  /** Those that are needed, in order. */
  readonly parts: readonly WantedPart[];
  /** Where it begins in the object, and where it ends: perhaps within the last part. */
  readonly start: number;
  readonly end: number;
}

/** How the pages that were found are read: the parts of members that hold them, near ones together. Throws an IndexDamage. */
export function planRuns(found: FoundInFull): readonly MemberRun[] {
  const runs: (MemberRun & { parts: WantedPart[]; end: number })[] = [];
  for (const part of wantedParts(found)) {
    const { start, likelyEnd: end } = part;
    const run = runs.at(-1);
    if (run !== undefined && start - run.end <= NEAR && end - run.start <= MOST_AT_ONCE) {
      run.parts.push(part);
      run.end = end;
    } else {
      runs.push({ parts: [part], start, end });
    }
  }
  return runs;
}

/** Bytes of runs. */
export function bytesOf(runs: readonly MemberRun[]): number {
  return runs.reduce((sum, { start, end }) => sum + end - start, 0);
}
