import { Failure } from '../../runtime/failure.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import { type Histories, type History, historiesOf, knownHistories } from '../../snapshot/history/histories.ts';
import { beganOn } from '../../snapshot/history/history-marker.ts';
import type { StoredSnapshot, StoreListing } from '../../snapstore/snapstore.ts';
import type { RestoreTarget } from '../restore/target.ts';

/** Which history of a store is meant. */
export interface HistoryChoice {
  /** Its number, as `list` shows it; undefined for the one that was written last. */
  readonly number?: number | undefined;
  /** Name or key of a snapshot: without a number, the history that it belongs to. */
  readonly of?: string | undefined;
}

/** A history among those of its store. */
export interface ChosenHistory {
  readonly histories: Histories<StoredSnapshot>;
  readonly history: History<StoredSnapshot>;
}

/** Chooses a history of a store. Throws a {@link Failure} `no_such_history`. */
export function chooseHistory(
  listing: Pick<StoreListing, 'snapshots' | 'markers'>,
  choice: HistoryChoice,
  location: string,
): ChosenHistory {
  const histories = historiesOf(listing.snapshots, listing.markers);
  const { living, left } = histories;
  if (choice.number !== undefined) {
    const known = knownHistories(histories);
    const numbered = known.find(({ number }) => number === choice.number);
    if (numbered === undefined) {
      throw new Failure({
        code: 'no_such_history',
        action: 'find',
        object: `history ${choice.number} of ${location}`,
        found: `it holds ${known.length === 1 ? 'history' : 'the histories'} ${known.map(({ number }) => number).join(', ')}`,
        remedy: 'see etcdbrctl list',
      });
    }
    return { histories, history: numbered };
  }
  const isMeant = ({ name, key }: StoredSnapshot): boolean => name === choice.of || key === choice.of;
  const owner = choice.of === undefined ? undefined : left.find(({ own }) => own.some(isMeant));
  return { histories, history: owner ?? living };
}

/** Says which history was taken, when there are several. */
export function reportChoice({ histories, history }: ChosenHistory, log: Logger): void {
  const { length } = knownHistories(histories);
  if (length > 1) {
    const which =
      history === histories.living
        ? 'the one that was written last'
        : `left ${timeOf(history.leftBy === undefined ? 0 : beganOn(history.leftBy))}`;
    log.info(
      { history: history.number, histories: length },
      `The store holds ${length} histories; history ${history.number} is taken, ${which}. Another is chosen with --history or --snapshot`,
    );
  }
}

/**
 * Warns when the cluster was, at the time that is asked for, in a history that was left since: of that time, the history that was written
 * last holds only what both share.
 */
export function reportOtherMoment(
  { histories, history }: ChosenHistory,
  { until, from, history: number }: RestoreTarget,
  log: Logger,
): void {
  if (until?.kind !== 'time' || from !== undefined || number !== undefined || history !== histories.living) {
    return;
  }
  const { seconds } = until.time;
  const then = histories.left.find(
    ({ leftBy, own }) => own.length > 0 && seconds < (leftBy === undefined ? 0 : beganOn(leftBy)),
  );
  if (then?.own.some(({ createdOn }) => createdOn <= seconds) === true) {
    log.warn(
      { history: then.number },
      `At that time the cluster was in history ${then.number}, left ${timeOf(then.leftBy === undefined ? 0 : beganOn(then.leftBy))}: of what it had changed there ` +
        `until then, nothing that history ${history.number} does not share comes back. --history ${then.number} gives the state of that moment`,
    );
  }
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
