import { Failure } from '../../runtime/failure.ts';
import type { History } from '../../snapshot/history/histories.ts';
import { beganOn } from '../../snapshot/history/history-marker.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';

/** What one history does not have, another history of the store may have. */
const CURABLE: readonly string[] = ['backup_gap', 'beyond_backup', 'no_backup', 'snapshot_corrupt'];

/** Whose flags are named: those of `restore`, also for commands that take no history, or those of one that reads a state. */
export type HistoryFlagsOf = 'restore' | 'lookup';

/**
 * Histories as a way out, the newest first, as the end of a sentence; undefined when none reaches `wanted`: `history 1, left …, reaches
 * revision 702: restore --history 1`. Where what comes after shares a past with it, that is named, too: it may be all that is wanted.
 */
export function otherHistoriesText(
  others: readonly History<StoredSnapshot>[],
  {
    wanted,
    command = 'restore',
  }: { readonly wanted: number | undefined; readonly command?: HistoryFlagsOf | undefined },
): string | undefined {
  const [take, leave] = command === 'restore' ? ['restore', 'restore without'] : ['give', 'leave out'];
  const ways = others
    .toReversed()
    .map((history) => ({ history, end: endOf(history) }))
    .filter(({ end }) => end > 0 && end >= (wanted ?? 0))
    .map(({ history: { number, leftBy }, end }) =>
      leftBy === undefined
        ? `history ${number}, the one that was written last, reaches revision ${end}: ${leave} --history`
        : `history ${number}, left ${timeText(beganOn(leftBy))}, reaches revision ${end}: ${take} --history ${number}${sharedText({ number, shared: leftBy.shared, wanted, command })}`,
    );
  return ways.length === 0 ? undefined : ways.join('; ');
}

/** The error of a restore from one history, with the others as a way out where they may be one. */
export function advisingOthers(
  error: unknown,
  others: readonly History<StoredSnapshot>[],
  reach: { readonly wanted: number | undefined; readonly command?: HistoryFlagsOf | undefined },
): unknown {
  const text = error instanceof Failure && CURABLE.includes(error.code) ? otherHistoriesText(others, reach) : undefined;
  return error instanceof Failure && text !== undefined ? error.advising(text) : error;
}

function sharedText({
  number,
  shared,
  wanted,
  command,
}: {
  readonly number: number;
  readonly shared: number;
  readonly wanted: number | undefined;
  readonly command: HistoryFlagsOf;
}): string {
  const [take, flag] = command === 'restore' ? ['restore', '--to-revision'] : ['give', '--revision'];
  return shared > 0 && wanted === undefined
    ? `; its revisions up to ${shared} are the past of the history after it: ${take} --history ${number} ${flag} ${shared}`
    : '';
}

function endOf({ own }: History<StoredSnapshot>): number {
  return own
    .filter(({ chunk, excluded }) => chunk === undefined && excluded !== true)
    .reduce((most, { lastRevision }) => Math.max(most, lastRevision), 0);
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
