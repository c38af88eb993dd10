/** What the name of a WAL segment says: its number, and the index of the first entry that it may hold. */
export interface SegmentName {
  readonly sequence: number;
  readonly index: number;
}

/** Name of a segment: both numbers as 16 hexadecimal digits, `SEQUENCE-INDEX.wal`. */
export function formatSegmentName(name: SegmentName): string {
  return `${hex(name.sequence)}-${hex(name.index)}.wal`;
}

/** Parses a segment's name; undefined for other files, such as the `.tmp` and `.broken` ones that etcd leaves there. */
export function parseSegmentName(name: string): SegmentName | undefined {
  const match = /^([0-9a-f]{16})-([0-9a-f]{16})\.wal$/.exec(name);
  if (match === null) {
    return undefined;
  }
  const sequence = Number.parseInt(match[1] ?? '', 16);
  const index = Number.parseInt(match[2] ?? '', 16);
  return Number.isSafeInteger(sequence) && Number.isSafeInteger(index) ? { sequence, index } : undefined;
}

function hex(value: number): string {
  return value.toString(16).padStart(16, '0');
}
