import { copyOptions } from '../config/options/copy.ts';
import { loggingOptions, outputOptions } from '../config/options/logging.ts';
import { sourceStoreOptions, storeOptions } from '../config/options/store.ts';
import type { CopyResult } from '../operations/copy/copy.ts';
import type { CopyPlan } from '../operations/copy/plan.ts';
import { formatBytes, formatCount } from '../runtime/log/amount.ts';
import { command } from './command.ts';
import { formatReport, type Report, tableLines } from './output/report.ts';
import { formatResult, type PrintableResult } from './output/result.ts';

/** `etcdbrctl copy`. */
export const copyCommand = command({
  name: 'copy',
  summary: 'copy backups from one store to another',
  description:
    'Copies full and delta snapshots from the source store to the store. What the target already has is skipped; the ' +
    'hash inside each object is checked on the way, and a delta appears only after the full snapshot it builds on.',
  examples: [
    {
      does: 'Copy the backups of the last 15 days between two buckets:',
      command:
        'etcdbrctl copy --source-storage-provider S3 --source-store-container old --storage-provider GCS ' +
        '--store-container new --max-backup-age 15',
    },
  ],
  groups: {
    copy: copyOptions,
    source: sourceStoreOptions,
    store: storeOptions,
    output: outputOptions,
    logging: loggingOptions,
  },
  async run({ config, context, print }) {
    const { openSourceStore, openTargetStore } = await import('./open-store.ts');
    const { copyBackups, planBackupCopy, waitForFinal } = await import('../operations/copy/copy.ts');
    const { waitForFinal: wanted, waitForFinalTimeoutMs, dryRun, ...limits } = config.copy;
    await using source = await openSourceStore(config.source, context);
    await using target = await openTargetStore(config.store, context);
    const request = { source, target, ...limits };
    if (dryRun) {
      const report = planReport(await planBackupCopy(request, context));
      print(await formatReport(report, config.output.format === 'json' ? 'json' : 'table'));
      return;
    }
    if (wanted) {
      await waitForFinal(request, waitForFinalTimeoutMs, context);
    }
    const result = await copyBackups(request, context);
    const places = { source: source.location, target: target.location };
    print(formatResult(copyResult(result, places), config.output.format));
  },
});

function planReport(plan: CopyPlan): Report {
  const objects = plan.chains.flat();
  const rows = objects.map(({ action, source, target }) => [action, target.name, formatBytes(source.size)]);
  const pending = objects.filter(({ action }) => action !== 'present');
  const bytes = sizeOf(pending);
  const sum = `${formatCount(pending.length)} of ${formatCount(objects.length)} objects would be copied, ${formatBytes(bytes)}`;
  const columns = [
    { title: 'ACTION', align: 'left' },
    { title: 'OBJECT', align: 'left' },
    { title: 'SIZE', align: 'right' },
  ] as const;
  return {
    table: [...(rows.length === 0 ? [] : [...tableLines(columns, rows), '']), sum],
    data: {
      objects: objects.map(({ action, source, target }) => ({
        action,
        source: source.key,
        target: target.name,
        size: source.size,
      })),
      pending: pending.length,
      pendingBytes: bytes,
      leftOutBackups: plan.leftOut,
      orphans: plan.orphans.map(({ name }) => name),
    },
  };
}

function copyResult(result: CopyResult, places: { readonly source: string; readonly target: string }): PrintableResult {
  const bytes = sizeOf(result.copied);
  const replaced = result.copied.filter(({ action }) => action === 'replace').length;
  return {
    lines: [
      ['From', places.source],
      ['To', places.target],
      ['Copied', `${formatCount(result.copied.length)} objects, ${bytes} bytes (${formatBytes(bytes)})`],
      ['Replaced', replaced === 0 ? undefined : `${formatCount(replaced)} of them were incomplete`],
      ['Already there', `${formatCount(result.present)} objects`],
      ['Left out', result.leftOut === 0 ? undefined : `${formatCount(result.leftOut)} backups, by the limits`],
      ['Vanished', result.vanished.length === 0 ? undefined : result.vanished.join(', ')],
      ['Without full', result.orphans.length === 0 ? undefined : `${formatCount(result.orphans.length)} deltas`],
    ],
    json: {
      ...places,
      copied: result.copied.map(({ action, source, target }) => ({ name: target.name, size: source.size, action })),
      copiedBytes: bytes,
      present: result.present,
      vanished: result.vanished,
      orphans: result.orphans,
      leftOutBackups: result.leftOut,
    },
  };
}

function sizeOf(objects: readonly { readonly source: { readonly size: number } }[]): number {
  return objects.reduce((sum, { source }) => sum + source.size, 0);
}
