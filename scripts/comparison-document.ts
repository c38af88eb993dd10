import { type Cell, comparison, inReadme, type Tool, tools } from './comparison/cells.ts';
import { markdownTable } from './markdown-table.ts';

const all = Object.keys(tools) as readonly Tool[];

/** The text of docs/comparison.md, from the cells of scripts/comparison. */
export function comparisonDocument(): string {
  const sections = comparison.map(({ question, cells }) => {
    const rows = all.map((tool) => [tools[tool], cells[tool].answer, evidence(cells[tool])]);
    return `## ${question}\n\n${markdownTable(['Tool', 'Answer', 'Shown by'], rows)}\n`;
  });
  return `# How it compares

Generated from \`scripts/comparison\`; \`node scripts/write-documents.ts\` writes it anew.

Tools that back up an etcd, and pgBackRest, which backs up another database and is the model. Each answer is shown by a test of this project or
by a source of the other one, as it was in November 2026; for a "no" it is the file that would have it. Corrections are welcome.

${sections.join('\n')}`;
}

/** The table of README.md. */
export function readmeComparison(): string {
  const shown: readonly Tool[] = inReadme.tools;
  return markdownTable(
    ['', ...shown.map((tool) => tools[tool])],
    comparison
      .slice(0, inReadme.questions)
      .map(({ question, cells }) => [question, ...shown.map((tool) => cells[tool].answer)]),
  );
}

/** README.md with the table of today in the place of the one it has. Throws when it has none. */
export function withComparison(readme: string): string {
  const table = /^\| +\| etcdbrctl .*\n(?:\|.*\n)+/m;
  if (!table.test(readme)) {
    throw new Error('README.md has no table of tools');
  }
  return readme.replace(table, () => `${readmeComparison()}\n`);
}

function evidence({ shownBy }: Cell): string {
  if (shownBy.startsWith('test/')) {
    return `[${shownBy}](../${shownBy})`;
  }
  if (shownBy.startsWith('https:')) {
    return `[${shownBy.slice('https://'.length)}](${shownBy})`;
  }
  const [repository = '', path = ''] = shownBy.split(': ');
  return `[${repository}: ${path}](https://github.com/${repository}/blob/HEAD/${path})`;
}
