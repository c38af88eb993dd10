import { Failure } from '../../runtime/failure.ts';
import { takenOn } from '../../snapshot/ahead-of-clock.ts';
import type { SuspectedFork } from '../../snapshot/history/suspected-forks.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import type { CrossedDoubt } from './crossed-doubt.ts';
import type { ForkSides, SideOfFork } from './fork-sides.ts';

/** Two snapshots that do not belong to one history. */
export interface ForkedPair {
  readonly one: StoredSnapshot;
  readonly other: StoredSnapshot;
  /** The first revision that differs between them. */
  readonly revision: number;
  /** How far each of the two sides goes; left out where that is not known. */
  readonly sides?: ForkSides | undefined;
  /** Where deltas follow that may go on from either; names do not tell then which of them was written last. */
  readonly followed?: {
    /** For each side the full that leads to it. */
    readonly from: readonly StoredSnapshot[];
    /** Where the last of the deltas ends. */
    readonly upTo: number;
  };
}

/** What two snapshots with different events mean, as one sentence without a full stop. */
export function forkedText({ one, other, revision }: ForkedPair): string {
  return `${one.name} and ${other.name} disagree about revision ${revision}: they belong to two histories of the cluster`;
}

/** What a full means that ends before older snapshots do. */
export function doubtText({ full, before }: SuspectedFork<StoredSnapshot>): string {
  const older = endOf(before);
  return `${full.name} was taken after ${older?.name}, but ends before it: the cluster may have been put back to an older state, another one may write here, or a clock was wrong by days`;
}

/** The failure of a restore from a store that mixes two histories. */
export function forkFailure(location: string, pair: ForkedPair): Failure {
  return new Failure({
    code: 'history_fork',
    action: 'restore from',
    object: location,
    found: forkedText(pair),
    remedy: choosingOf(pair),
  });
}

function choosingOf({ one, other, followed, sides }: ForkedPair): string {
  if (followed !== undefined) {
    const ways = followed.from.map((full) => `${choosing(full)} --to-revision ${followed.upTo}`);
    return (
      `a clock was wrong, and nothing tells which of them the rest goes on from; choose one: ${ways.join(', or ')}. ` +
      'Where etcd still runs, the next full snapshot of it ends the doubt'
    );
  }
  const [earlier, later] = takenOn(one) <= takenOn(other) ? [one, other] : [other, one];
  const { older, younger } = sides ?? { older: { snapshot: earlier }, younger: { snapshot: later } };
  return `choose one: ${choosingSide(younger)} gives what was written last, ${choosingSide(older)} what was written before it`;
}

function choosingSide({ snapshot, upTo }: SideOfFork): string {
  const reach = upTo === undefined ? `(revision ${snapshot.lastRevision})` : `--to-revision ${upTo}`;
  return `${choosing(snapshot)} ${reach}`;
}

/** What a chain means that crosses a doubt, as one sentence without a full stop. */
export function crossedText({ before, after, doubt }: CrossedDoubt): string {
  return `${after.name} would continue ${before.name}, but nothing proves that the cluster of the full at revision ${doubt.upTo}, which was taken between them, went on from there`;
}

/** The failure of a restore that would go on from what may be of another history. */
export function crossedFailure(location: string, crossed: CrossedDoubt): Failure {
  const { before, doubt } = crossed;
  return new Failure({
    code: 'history_fork',
    action: 'restore from',
    object: location,
    found: crossedText(crossed),
    remedy: `give at most --to-revision ${before.lastRevision} for the state before it, or ${doubt.upTo} and later for what came after`,
  });
}

/** The failure of a restore from a store that may hold two histories, when nothing says which of them is wanted. */
export function doubtFailure(location: string, fork: SuspectedFork<StoredSnapshot>): Failure {
  const last = endOf([fork.full, ...fork.after]);
  const older = endOf(fork.before);
  return new Failure({
    code: 'history_fork',
    action: 'restore from',
    object: location,
    found: doubtText(fork),
    remedy:
      `${choosing(last)} (revision ${last?.lastRevision}) is right where it was put back, ${choosing(older)} (revision ${older?.lastRevision}) ` +
      'where only a clock was wrong. Where etcd still runs, start snapshot: it finds out which',
  });
}

/** The command that takes one side of a fork: only `restore` can be asked for one. */
function choosing(snapshot: StoredSnapshot | undefined): string {
  return `etcdbrctl restore --snapshot ${snapshot?.name}`;
}

/** The snapshot that ends last. */
function endOf(snapshots: readonly StoredSnapshot[]): StoredSnapshot | undefined {
  return snapshots.reduce<StoredSnapshot | undefined>(
    (last, each) => (last === undefined || each.lastRevision >= last.lastRevision ? each : last),
    undefined,
  );
}
