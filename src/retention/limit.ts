import type { Snapshot } from '../snapshot/snapshot.ts';
import { keep, remove, type Verdict } from './verdict.ts';

/** `LimitBased`: of fulls in chain order the last `maxBackups` stay. */
export function limitVerdicts<T extends Snapshot>(fulls: readonly T[], maxBackups: number): ReadonlyMap<T, Verdict> {
  const cut = fulls.length - maxBackups;
  return new Map(fulls.map((full, at) => [full, at >= cut ? keep('within_limit') : remove('beyond_limit')]));
}
