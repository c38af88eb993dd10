import type { Retainable } from './request.ts';
import { keep, type Verdict } from './verdict.ts';

/** Which fulls deltas can be restored upon. */
export interface Bases<T> {
  readonly isBase: (snapshot: T) => boolean;
  /** One that only a wrong clock has named: it may be what deltas continue, or forged. It takes no other's place. */
  readonly mayBeBase?: (snapshot: T) => boolean;
}

/** A full stays while a delta that needs it, or may need it, stays. `line` is a history in chain order. */
export function keepBases<T extends Retainable>(
  line: readonly T[],
  verdicts: Map<T, Verdict>,
  { isBase, mayBeBase = () => false }: Bases<T>,
): void {
  let bases: readonly T[] = [];
  for (const snapshot of line) {
    if (isBase(snapshot)) {
      bases = [snapshot];
    } else if (mayBeBase(snapshot)) {
      bases = [...bases.slice(0, 1), snapshot];
    }
    const isKept = snapshot.kind === 'Incr' && verdicts.get(snapshot)?.action === 'keep';
    for (const base of isKept ? bases : []) {
      if (verdicts.get(base)?.action === 'delete') {
        verdicts.set(base, keep('base_of_kept_deltas'));
      }
    }
  }
}
