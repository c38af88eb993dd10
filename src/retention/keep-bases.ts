import type { Retainable } from './request.ts';
import { keep, type Verdict } from './verdict.ts';

/** A full stays while a delta that needs it stays. `line` is a history in chain order. */
export function keepBases<T extends Retainable>(
  line: readonly T[],
  verdicts: Map<T, Verdict>,
  isBase: (snapshot: T) => boolean,
): void {
  let base: T | undefined;
  for (const snapshot of line) {
    if (isBase(snapshot)) {
      base = snapshot;
    }
    const isKept = snapshot.kind === 'Incr' && verdicts.get(snapshot)?.action === 'keep';
    if (isKept && base !== undefined && verdicts.get(base)?.action === 'delete') {
      verdicts.set(base, keep('base_of_kept_deltas'));
    }
  }
}
