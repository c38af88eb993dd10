import { type Limit, limits } from '../src/runtime/limits.ts';
import { markdownTable } from './markdown-table.ts';

const titles: Readonly<Record<Limit['from'], string>> = {
  etcd: 'From etcd',
  store: 'From a store',
  file: 'From files and directories',
  kubernetes: 'From Kubernetes',
  client: 'From clients of the server',
  any: 'Texts, wherever they come from',
};

/** The text of docs/limits.md, from the limits of what others may send. */
export function limitsDocument(): string {
  const all = Object.values<Limit>(limits);
  const sections = Object.entries(titles).map(([from, title]) => {
    const rows = all
      .filter((limit) => limit.from === from)
      .map(({ what, most, unit, why, beyond }) => [what, amount(most, unit), why, beyond]);
    return rows.length === 0 ? '' : `## ${title}\n\n${markdownTable(['What', 'At most', 'Why', 'Beyond'], rows)}\n\n`;
  });
  return `# Limits

Generated from \`src/runtime/limits.ts\`; \`node scripts/write-documents.ts\` writes it anew.

A store, a file or an etcd may be damaged, a client hostile, or each of them somebody else's. Each length that the other side chooses has a limit, so that
what arrives costs no more memory, disk and time than sound data would.

${sections.join('')}## Bounded by other means

- A restored database: \`--embedded-etcd-quota-bytes\`. A full is refused before it is written when its newest meta page
  counts more pages, and nothing is written beyond the pages that it counts; deltas stop where they would exceed it.
- Compressed objects are expanded piece by piece: what a stored object expands to is never in memory as a whole.
- Events that wait for a store: \`--delta-snapshot-memory-limit\` in memory, \`--delta-spool-limit\` on disk.
- Work grows with the input, not with its square: ranges of keys are merged, tables of keys have a secret of their own in
  each run so that nobody can make keys collide, and nothing that is read is followed by recursion.
`;
}

function amount(most: number, unit: Limit['unit']): string {
  const mebibytes = most / (1024 * 1024);
  const kibibytes = most / 1024;
  if (unit === 'bytes' && Number.isInteger(mebibytes)) {
    return `${mebibytes} MiB`;
  }
  return unit === 'bytes' && Number.isInteger(kibibytes) ? `${kibibytes} KiB` : `${most.toLocaleString('en')} ${unit}`;
}
