import type { KeyHistory, PastVersion } from '../../operations/lookup/key-history.ts';
import { formatCount } from '../../runtime/log/amount.ts';
import { printableJson } from '../../runtime/log/printable.ts';
import { formatEventTime } from '../../snapshot/delta/event-time.ts';
import { keyData } from './key-text.ts';
import { leaseData } from './key-versions.ts';
import { type Column, tableLines } from './report.ts';
import { formatId } from './result.ts';
import { timeText } from './snapshot-format.ts';

const COLUMNS: readonly Column[] = [
  { title: 'REVISION', align: 'right' },
  { title: 'SEEN (UTC)', align: 'left' },
  { title: 'CHANGE', align: 'left' },
  { title: 'VERSION', align: 'right' },
  { title: 'SIZE', align: 'right' },
  { title: 'LEASE', align: 'left' },
];

/** The history of a key as a table, or as a line of JSON for each change. */
export function historyTable({ key, versions }: KeyHistory, format: 'text' | 'json'): string {
  const lines =
    format === 'json'
      ? versions.map((version) => printableJson(JSON.stringify({ ...keyData(key), ...changeData(version) })))
      : [...tableLines(COLUMNS, versions.map(row)), ...missingLines(versions)];
  return lines.map((line) => `${line}\n`).join('');
}

/** What a reader would otherwise take for the beginning. */
function missingLines([first]: readonly PastVersion[]): readonly string[] {
  const before = (first?.version ?? 1) - 1;
  return before > 0
    ? [
        `${before === 1 ? 'One version' : `${formatCount(before)} versions`} before: compacted when the full was taken, and in no snapshot of this chain.`,
      ]
    : [];
}

function row({ revision, seen, kind, version, size, lease }: PastVersion): readonly string[] {
  const isGone = kind === 'deleted';
  return [
    String(revision),
    seen === undefined ? '-' : timeText(seen.seconds * 1_000),
    kind,
    isGone ? '-' : String(version),
    isGone ? '-' : String(size),
    lease === 0n ? '-' : formatId(lease),
  ];
}

function changeData({ revision, seen, kind, version, size, lease }: PastVersion): Readonly<Record<string, unknown>> {
  return {
    revision,
    seen: seen === undefined ? null : formatEventTime(seen),
    change: kind,
    ...(kind === 'deleted' ? {} : { version, size, lease: leaseData(lease) }),
  };
}
