import { printable, printableJson } from '../../runtime/log/printable.ts';

/** What a command found out, for people and for scripts. */
export interface Report {
  /** Lines for a terminal of 80 columns. */
  readonly table: readonly string[];
  /** The same facts and more. Plain values only. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** A report as text for stdout: JSON on one line, YAML as a document. */
export async function formatReport(report: Report, format: 'text' | 'json' | 'yaml'): Promise<string> {
  switch (format) {
    case 'text':
      return report.table.map((line) => `${printable(line.trimEnd())}\n`).join('');
    case 'json':
      return `${printableJson(JSON.stringify(report.data))}\n`;
    case 'yaml': {
      const { formatYaml } = await import('./yaml.ts');
      return formatYaml(report.data);
    }
    default:
      return format satisfies never;
  }
}

/** One column of a table. */
export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** Rows below their titles, as wide as the widest cell of each column. */
export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] {
  const texts = [columns.map(({ title }) => title), ...rows.map((row) => row.map(printable))];
  const widths = columns.map((_, at) => texts.reduce((widest, row) => Math.max(widest, row[at]?.length ?? 0), 0));
  return texts.map((row) =>
    columns
      .map(({ align }, at) => {
        const cell = row[at] ?? '';
        const width = widths[at] ?? 0;
        return align === 'left' ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** Labels and values in two columns; lines without a value are left out. */
export function keyValueLines(
  lines: readonly (readonly [label: string, value: string | undefined])[],
): readonly string[] {
  const shown = lines.filter(([, value]) => value !== undefined);
  const width = Math.max(0, ...shown.map(([label]) => label.length)) + 3;
  return shown.map(([label, value]) => `${`${label}:`.padEnd(width)}${value}`);
}
