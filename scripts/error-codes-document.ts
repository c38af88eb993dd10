import { failureCodes } from '../src/runtime/failure-code.ts';
import type { FailureCodeFacts } from '../src/runtime/failure-codes/failure-code-facts.ts';
import { markdownTable } from './markdown-table.ts';

/** The text of docs/error-codes.md, from the codes that a failure can have. */
export function errorCodesDocument(): string {
  const rows = Object.entries<FailureCodeFacts>(failureCodes)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([code, { exitCode, meaning, remedy }]) => [`\`${code}\``, String(exitCode), meaning, remedy]);
  return `# Error codes

Generated from \`src/runtime/failure-codes/\`; \`node scripts/write-documents.ts\` writes it anew.

With \`--log-format json\` the last line on stderr has one of these words as its \`code\`. The message says what was being
done, to what, and what was found; scripts go by code and exit code, since texts may change.

${markdownTable(['Code', 'Exit', 'Meaning', 'What to do'], rows)}
`;
}
