import { failureCodes } from '../src/runtime/failure-code.ts';
import { backupCodes } from '../src/runtime/failure-codes/backup-codes.ts';
import { etcdCodes } from '../src/runtime/failure-codes/etcd-codes.ts';
import type { FailureCodeFacts, FailureCodeTable } from '../src/runtime/failure-codes/failure-code-facts.ts';
import { fileCodes } from '../src/runtime/failure-codes/file-codes.ts';
import { kubeCodes } from '../src/runtime/failure-codes/kube-codes.ts';
import { programCodes } from '../src/runtime/failure-codes/program-codes.ts';
import { serverCodes } from '../src/runtime/failure-codes/server-codes.ts';
import { storeCodes } from '../src/runtime/failure-codes/store-codes.ts';
import { markdownTable } from './markdown-table.ts';

/** The sections of the page, in the order in which people look. What is in none of them comes last. */
const sections: Readonly<Record<string, FailureCodeTable>> = {
  'The store and its credentials': storeCodes,
  'Backups and restores': backupCodes,
  'Files and directories': fileCodes,
  etcd: etcdCodes,
  'The server': serverCodes,
  Kubernetes: kubeCodes,
  'The command line and the program': programCodes,
};

/** The text of docs/error-codes.md, from the codes that a failure can have. */
export function errorCodesDocument(): string {
  const placed = new Set(Object.values(sections).flatMap((codes) => Object.keys(codes)));
  const others = Object.entries<FailureCodeFacts>(failureCodes).filter(([code]) => !placed.has(code));
  const all = Object.entries(sections).map(([title, codes]) => [title, Object.entries(codes)] as const);
  const shown = others.length === 0 ? all : [...all, ['Others', others] as const];
  return `# Error codes

Generated from \`src/runtime/failure-codes/\`; \`node scripts/write-documents.ts\` writes it anew.

With \`--log-format json\` the last line on stderr has one of these words as its \`code\`; \`/backup/status\` and the dashboard of the
[server](server.md) show them, too. The message says what was being done, to what, and what was found; scripts go by code and exit code, since texts may
change. Where a message names a command or a flag, that one is better than the general advice here.

${shown.map(([title, codes]) => section(title, codes)).join('\n')}`;
}

function section(title: string, codes: readonly (readonly [string, FailureCodeFacts])[]): string {
  const rows = codes
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([code, { exitCode, meaning, remedy }]) => [`\`${code}\``, String(exitCode), meaning, remedy]);
  return `## ${title}\n\n${markdownTable(['Code', 'Exit', 'What happened', 'What to do'], rows)}\n`;
}
