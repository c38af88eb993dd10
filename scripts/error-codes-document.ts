import { failureCodes } from '../src/runtime/failure-code.ts';
import type { FailureCodeFacts } from '../src/runtime/failure-codes/failure-code-facts.ts';

/** The text of docs/error-codes.md, from the codes that a failure can have. */
export function errorCodesDocument(): string {
  const rows = Object.entries<FailureCodeFacts>(failureCodes)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([code, { exitCode, meaning, remedy }]) => [`\`${code}\``, String(exitCode), meaning, remedy]);
  return `# Error codes

Generated from \`src/runtime/failure-codes/\`; \`node scripts/write-documents.ts\` writes it anew.

With \`--log-format json\` the last line on stderr has one of these words as its \`code\`. The message says what was being
done, to what, and what was found; scripts go by code and exit code, since texts may change.

${table(['Code', 'Exit', 'Meaning', 'What to do'], rows)}
`;
}

/** A table of Markdown whose columns are as wide as their widest cell. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
