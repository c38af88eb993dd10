import { identityOptions } from '../config/options/encryption.ts';
import { loggingOptions, reportOptions } from '../config/options/logging.ts';
import { walOptions } from '../config/options/restoration.ts';
import { statusOptions } from '../config/options/status.ts';
import type { DatabaseStatus } from '../operations/status/status.ts';
import { countText, formatBytes } from '../runtime/log/amount.ts';
import { command } from './command.ts';
import { factsData, factsText } from './output/full-facts.ts';
import { quotaRemark } from './output/quota-remark.ts';
import { formatReport, type Report, tableLines } from './output/report.ts';

/** `etcdbrctl status`. */
export const statusCommand = command({
  name: 'status',
  description:
    'Reads a whole database without an etcd, checks every page and record and the hash of a snapshot, and prints the ' +
    'numbers that etcdutl snapshot status prints. TOTAL KEYS are the records of all buckets, as it counts them up to ' +
    'etcd 3.5; the keys that live, which it counts from etcd 3.6 on, are named below.',
  examples: [
    { does: 'A full snapshot, compressed or not:', command: 'etcdbrctl status Full-00000000-00000058-1795251532.gz' },
    { does: 'The data directory of a stopped etcd:', command: 'etcdbrctl status -o json /var/etcd/data' },
  ],
  operand: {
    placeholder: 'FILE|DIR',
    completes: 'file',
    help: 'A full snapshot, a db file, or the data directory of an etcd that is stopped.',
  },
  groups: {
    status: statusOptions,
    wal: walOptions,
    identity: identityOptions,
    output: reportOptions,
    logging: loggingOptions,
  },
  async run({ config, operand, context, print }) {
    const { readStatus } = await import('../operations/status/status.ts');
    const { identitiesOf } = await import('./encryption-keys.ts');
    const identities = await identitiesOf(config.identity, context);
    const status = await readStatus(
      { path: operand, tempDir: config.status.tempDir, walDir: config.wal.walDir, identities },
      context,
    );
    await print(await formatReport(statusReport(status), config.output.format));
  },
});

/** A status with the columns of `etcdutl snapshot status`, and what else is known. */
export function statusReport(status: DatabaseStatus): Report {
  const { hash, lastRevision, totalKeys, size, versions, source } = status;
  const quota = quotaRemark(size);
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
      ...(source.kind === 'snapshot' && source.facts !== undefined
        ? [`It says of itself: ${factsText(source.facts)}.`]
        : []),
      'TOTAL KEYS are the records of all buckets, as etcdutl counts up to etcd 3.5;',
      `${countText(status.livingKeys, 'key')} live, as it counts from etcd 3.6 on.`,
      ...(quota === undefined ? [] : [`${quota}.`]),
      ...status.alarms.map((alarm) => `ALARM ${alarm}: etcd takes no writes until it is disarmed.`),
    ],
    data: {
      hash,
      revision: lastRevision,
      totalKey: totalKeys,
      livingKeys: status.livingKeys,
      totalSize: size,
      version: versions.storage ?? '',
      clusterVersion: versions.cluster ?? '',
      kind: source.kind,
      alarms: status.alarms,
      ...(quota === undefined ? {} : { quota }),
      ...(source.kind === 'snapshot' ? { compression: source.compression } : {}),
      ...(source.kind === 'snapshot' && source.facts !== undefined ? { origin: factsData(source.facts) } : {}),
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
