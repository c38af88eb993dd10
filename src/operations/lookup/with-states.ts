import type { RunContext } from '../../runtime/run-context.ts';
import { selectChain } from '../restore/select-chain.ts';
import type { StatePair } from './compare-states.ts';
import type { KnownState, StateRequest } from './state.ts';
import { withState } from './with-state.ts';

/**
 * Runs `work` with two states. Where the database of the second one still has the first in its history, it serves for both.
 * Throws as {@link withState}.
 */
export async function withStates<T>(
  requests: { readonly before: StateRequest; readonly after: StateRequest },
  context: RunContext,
  work: (states: StatePair) => Promise<T>,
): Promise<T> {
  const { before, after } = requests;
  return await withState(after, context, async (later) => {
    const earlier = await earlierIn(later, requests, context);
    return earlier === undefined
      ? await withState(before, context, (state) => work({ before: state, after: later }))
      : await work({ before: earlier, after: later });
  });
}

/** The first state in the database of the second; undefined when it is not known to be there. */
async function earlierIn(
  later: KnownState,
  { before: { source }, after }: { readonly before: StateRequest; readonly after: StateRequest },
  context: RunContext,
): Promise<KnownState | undefined> {
  if (source.kind !== 'store' || after.source.kind !== 'store') {
    return undefined;
  }
  const { target, store } = source;
  const other = after.source.target;
  if (target.from !== undefined || other.from !== undefined || target.history !== other.history) {
    return undefined;
  }
  const { until } = await selectChain(store, target, context);
  return until !== undefined && until <= later.revision && until >= later.compactRevision
    ? { ...later, revision: until }
    : undefined;
}
