import { statusSpec } from '../config/commands/status.ts';
import type { DatabaseStatus } from '../ops/database-status.ts';
import { formatBytes } from '../runtime/amount.ts';
import { command } from './command.ts';
import { formatReport, type Report, tableLines } from './report.ts';

/** `etcdbrctl status`. */
export const statusCommand = command(statusSpec, async ({ config, operand, context, print }) => {
  const { readStatus } = await import('../ops/database-status.ts');
  const status = await readStatus({ path: operand, tempDir: config.status.tempDir }, context);
  print(await formatReport(statusReport(status), config.output.format));
});

/** A status as `etcdutl snapshot status` tells it, and what else is known. */
export function statusReport(status: DatabaseStatus): Report {
  const { hash, lastRevision, totalKeys, size, versions, source } = status;
  const columns = ['HASH', 'REVISION', 'TOTAL KEYS', 'TOTAL SIZE', 'STORAGE VERSION', 'CLUSTER VERSION'];
  const row = [
    hash.toString(16),
    String(lastRevision),
    String(totalKeys),
    formatBytes(size),
    versions.storage ?? '-',
    versions.cluster ?? '-',
  ];
  return {
    table: [
      ...tableLines(
        columns.map((title) => ({ title, align: 'right' as const })),
        [row],
      ),
      sourceText(source),
    ],
    data: {
      hash,
      revision: lastRevision,
      totalKey: totalKeys,
      totalSize: size,
      version: versions.storage ?? '',
      clusterVersion: versions.cluster ?? '',
      kind: source.kind,
      ...(source.kind === 'snapshot' ? { compression: source.compression } : {}),
      ...(source.kind === 'data directory' ? { revisionWithLog: source.withLog } : {}),
    },
  };
}

function sourceText(source: DatabaseStatus['source']): string {
  switch (source.kind) {
    case 'database':
      return 'A database without a hash; restore --file takes it with --skip-hash-check.';
    case 'snapshot':
      return `A full snapshot, compression ${source.compression}; its SHA-256 is right.`;
    case 'data directory':
      return `A data directory; with its write-ahead log etcd is at revision ${source.withLog}.`;
    default:
      return source satisfies never;
  }
}
