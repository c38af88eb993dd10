/** One operation of ours, or of a peer, against the least the machine needs for the same bytes. */
export interface Row {
  readonly operation: string;
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Bytes. */
  readonly peakRss: number;
  /** What the ratio is to, ms; undefined where there is no floor. */
  readonly floorMs: number | undefined;
}

/** The rows as a Markdown table, times in seconds and memory in MB. */
export function renderTable(rows: readonly Row[]): string {
  const cells = [
    ['operation', 'wall s', 'CPU s', 'peak MB', 'floor s', 'ratio'],
    ...rows.map(({ operation, wallMs, cpuMs, peakRss, floorMs }) => [
      operation,
      seconds(wallMs),
      seconds(cpuMs),
      (peakRss / 1e6).toFixed(0),
      floorMs === undefined ? '' : seconds(floorMs),
      floorMs === undefined ? '' : (wallMs / floorMs).toFixed(2),
    ]),
  ];
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [...cells.slice(0, 1).map(line), rule, ...cells.slice(1).map(line), ''].join('\n');
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 1000 ? 3 : 2);
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
