import { takenOn } from '../../snapshot/ahead-of-clock.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';

const day = 86_400;
/** Fulls that are older than the newest by more than this say nothing about its growth now, s. */
const window = 30 * day;
/** Fulls that are nearer to each other than this say too little, s. */
const least = 3_600;

/** By how many bytes a day the fulls of a history have grown in its last 30 days; negative when they shrink. Undefined without two fulls an hour apart. */
export function growthPerDay(snapshots: readonly StoredSnapshot[]): number | undefined {
  const fulls = snapshots
    .filter(({ kind, chunk }) => kind === 'Full' && chunk === undefined)
    .toSorted((a, b) => takenOn(a) - takenOn(b));
  const last = fulls.at(-1);
  const first = last === undefined ? undefined : fulls.find((full) => takenOn(full) >= takenOn(last) - window);
  if (first === undefined || last === undefined || takenOn(last) - takenOn(first) < least) {
    return undefined;
  }
  return ((last.size - first.size) * day) / (takenOn(last) - takenOn(first));
}
