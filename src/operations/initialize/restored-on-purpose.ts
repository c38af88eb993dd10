import type { MemberFiles } from '../../datadir/structure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { type Histories, knownHistories } from '../../snapshot/history/histories.ts';
import { beganOn } from '../../snapshot/history/history-marker.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import { readRestoredMark } from '../restore/read-restored-mark.ts';
import type { RestoredMark } from '../restore/restored-mark.ts';
import type { DataDirState } from './data-dir-state.ts';

/** A mark that counts; its history is undefined when nothing of it is left. */
export type CountingMark = Omit<RestoredMark, 'history'> & { readonly history: number | undefined };

/**
 * The mark of a restore to an older state, as long as it counts: nothing beyond that state was stored since. Undefined when the directory
 * has no mark, or cluster and backup have gone on.
 */
export async function restoredOnPurpose(
  directory: {
    readonly member: Pick<MemberFiles, 'memberDir'>;
    readonly found: DataDirState;
    readonly histories: Histories<StoredSnapshot>;
  },
  { clock, log }: Pick<RunContext, 'clock' | 'log'>,
): Promise<CountingMark | undefined> {
  const { member, found, histories } = directory;
  const mark = await readRestoredMark(member.memberDir, { now: clock.now() });
  // A directory never goes back to before what it began with.
  if (mark === undefined || (found.state === 'behind_store' && found.revision < mark.revision)) {
    return undefined;
  }
  const known = Math.max(mark.restoredOn, mark.newestSeen);
  // The age of what is named ahead of the clock follows from what it belongs to.
  const { begunBy, snapshots } = histories.living;
  const isNewHistory =
    mark.livingBegunBy === undefined
      ? begunBy !== undefined && beganOn(begunBy) > known
      : begunBy !== undefined && begunBy.name !== mark.livingBegunBy;
  const seenAhead = new Set(mark.seenAhead);
  const isSince = ({ ahead, createdOn, name }: StoredSnapshot): boolean =>
    !seenAhead.has(name) && (ahead === undefined ? createdOn > known : isNewHistory);
  const since = snapshots.filter((each) => each.lastRevision > mark.revision && isSince(each));
  if (since.length > 0) {
    return undefined;
  }
  const when = new Date(mark.restoredOn * 1000).toISOString();
  log.info(
    { revision: mark.revision },
    `The directory was restored to the older revision ${mark.revision} on purpose, ${when}; nothing later was stored since`,
  );
  const isKnown = knownHistories(histories).some(({ number }) => number === mark.history);
  return isKnown ? mark : { ...mark, history: undefined };
}
