import { type Revision, revision } from '../../revision.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { selectChain } from '../restore/select-chain.ts';
import type { RestoreTarget } from '../restore/target.ts';
import type { StatePair } from './compare-states.ts';
import { listedOnce } from './listed-once.ts';
import type { KnownState, StateRequest } from './state.ts';
import { withState } from './with-state.ts';

/** The states that are compared, in the order in which they were named. */
interface StateRequests {
  readonly before: StateRequest;
  readonly after: StateRequest;
}

/** Where both states are: in one history of one store. */
interface SharedHistory {
  readonly before: RestoreTarget;
  readonly after: RestoreTarget;
}

/**
 * Runs `work` with two states. A store is listed once. Where the database of the later one still has the other in its history, it serves for
 * both. Throws as {@link withState}.
 */
export async function withStates<T>(
  asked: StateRequests,
  context: RunContext,
  work: (states: StatePair) => Promise<T>,
): Promise<T> {
  const requests = ofOneListing(asked);
  const shared = sharedHistory(requests);
  const isTurned = shared !== undefined && endsLater(shared.before, shared.after);
  const [early, late] = isTurned ? [requests.after, requests.before] : [requests.before, requests.after];
  const inOrder = (earlier: KnownState, later: KnownState): Promise<T> =>
    work(isTurned ? { before: later, after: earlier } : { before: earlier, after: later });
  return await withState(late, context, async (later) => {
    const until = shared === undefined ? undefined : await revisionOf(early, later, context);
    return until !== undefined && until <= later.revision && until >= later.compactRevision
      ? await inOrder({ ...later, revision: until }, later)
      : await withState(early, context, (earlier) => inOrder(earlier, later));
  });
}

function ofOneListing({ before, after }: StateRequests): StateRequests {
  if (before.source.kind !== 'store' || after.source.kind !== 'store' || before.source.store !== after.source.store) {
    return { before, after };
  }
  const store = listedOnce(before.source.store);
  return {
    before: { ...before, source: { ...before.source, store } },
    after: { ...after, source: { ...after.source, store } },
  };
}

/** Undefined where the states may be of two histories: each is read by itself then. */
function sharedHistory({
  before: { source: one },
  after: { source: other },
}: StateRequests): SharedHistory | undefined {
  const isShared =
    one.kind === 'store' &&
    other.kind === 'store' &&
    one.store === other.store &&
    one.target.from === undefined &&
    other.target.from === undefined &&
    one.target.history === other.target.history;
  return isShared ? { before: one.target, after: other.target } : undefined;
}

/** Whether a state is known to be later than another one; a revision and a time cannot be compared. */
function endsLater({ until: one }: RestoreTarget, { until: other }: RestoreTarget): boolean {
  if (one === undefined || other === undefined) {
    return other !== undefined;
  }
  if (one.kind === 'time' && other.kind === 'time') {
    return (
      one.time.seconds > other.time.seconds ||
      (one.time.seconds === other.time.seconds && one.time.nanos > other.time.nanos)
    );
  }
  return one.kind === 'revision' && other.kind === 'revision' && one.revision > other.revision;
}

/** The revision of a state of the same history as one that is known; undefined when nothing tells it. */
async function revisionOf(
  { source }: StateRequest,
  later: KnownState,
  context: RunContext,
): Promise<Revision | undefined> {
  if (source.kind !== 'store') {
    return undefined;
  }
  const { until } = source.target;
  switch (until?.kind) {
    case undefined:
      return later.revision;
    case 'revision':
      return revision(until.revision);
    case 'time':
      return (await selectChain(source.store, source.target, context, { command: 'lookup' })).until;
    default:
      return until satisfies never;
  }
}
