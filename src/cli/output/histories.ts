import { countText } from '../../runtime/log/amount.ts';
import { type Histories, type History, knownHistories } from '../../snapshot/history/histories.ts';
import { beganOn, type HistoryChange, type HistoryMarker } from '../../snapshot/history/history-marker.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import { timeText } from './snapshot-format.ts';

type StoredHistories = Histories<StoredSnapshot>;

/** The histories of a store, one of which is shown, and what may be one more; no lines when there is one. */
export function historyLines(histories: StoredHistories, shown: History<StoredSnapshot>): readonly string[] {
  const known = knownHistories(histories);
  const heads = known.length === 1 ? [] : known.map((each) => headline(each, shown));
  const doubts = histories.suspected.map(
    ({ full, before }) =>
      `TWO HISTORIES? ${full.name} was taken after ${newest(before)?.name}, but ends before it. verify compares them; until then restore may refuse`,
  );
  const lines = [...heads, ...doubts];
  return lines.length === 0 ? [] : [...lines, ''];
}

/** The same for scripts. */
export function historiesData(histories: StoredHistories): Readonly<Record<string, unknown>> {
  return {
    histories: knownHistories(histories).map((history) => ({
      number: history.number,
      writtenLast: history === histories.living,
      begun: markerData(history.begunBy),
      left: markerData(history.leftBy),
      snapshots: history.own.length,
      lastRevision: newest(history.own)?.lastRevision ?? null,
    })),
    suspectedForks: histories.suspected.map(({ full, before, after }) => ({
      full: full.name,
      before: before.map(({ name }) => name),
      after: after.map(({ name }) => name),
    })),
  };
}

function headline(history: History<StoredSnapshot>, shown: History<StoredSnapshot>): string {
  const { number, leftBy, begunBy, own } = history;
  const begun = begunBy === undefined ? '' : `, begun ${timeText(beganOn(begunBy) * 1_000)} as ${why(begunBy)}`;
  const facts = `${countText(own.length, 'snapshot')} up to revision ${newest(own)?.lastRevision ?? 0}`;
  return leftBy === undefined
    ? `History ${number}: the one that was written last${begun}; ${history === shown ? 'its chains follow' : facts}`
    : `History ${number}: left ${timeText(beganOn(leftBy) * 1_000)} ${parted(leftBy)}${begun}; ${history === shown ? `its chains follow, with the past that it shares` : `${facts} (--history ${number})`}`;
}

/** Where it parts from the one after it, as far as that was proved. */
function parted({ shared, mayShare }: HistoryMarker): string {
  const proved = shared === 0 ? 'with nothing that is proved to be shared' : `at revision ${shared}`;
  return mayShare === undefined ? proved : `${proved} (it may share more, up to ${mayShare})`;
}

const REASONS: Readonly<Record<HistoryChange, string>> = {
  rolled_back: 'the cluster was put back to an older state',
  other_cluster: 'another cluster writes here',
  different_events: 'etcd has other events than were stored',
  unproven: 'nothing proved that it is the same',
};

function why({ why: reason }: HistoryMarker): string {
  return REASONS[reason];
}

function markerData(marker: HistoryMarker | undefined): Readonly<Record<string, unknown>> | null {
  return marker === undefined
    ? null
    : {
        on: new Date(beganOn(marker) * 1_000).toISOString(),
        why: marker.why,
        sharedRevision: marker.shared,
        mayShareRevision: marker.mayShare ?? marker.shared,
        clusterId: marker.clusterId,
        marker: marker.name,
      };
}

function newest(snapshots: readonly StoredSnapshot[]): StoredSnapshot | undefined {
  return snapshots.reduce<StoredSnapshot | undefined>(
    (last, each) => (last === undefined || each.lastRevision >= last.lastRevision ? each : last),
    undefined,
  );
}
