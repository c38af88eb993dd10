import { realpath } from 'node:fs/promises';
import type { ConfigOf } from '../config/command-spec.ts';
import { copyOptions } from '../config/options/copy.ts';
import { identityOptions, recipientOptions } from '../config/options/encryption.ts';
import { loggingOptions, outputOptions } from '../config/options/logging.ts';
import { sourceStoreOptions, storeOptions } from '../config/options/store.ts';
import { UsageFailure } from '../config/usage-failure.ts';
import type { BackupCopyPlan, CopyResult } from '../operations/copy/copy.ts';
import { countText, exactBytes, formatBytes, formatCount } from '../runtime/log/amount.ts';
import type { SnapStore } from '../snapstore/snapstore.ts';
import { command } from './command.ts';
import { formatReport, type Report, tableLines } from './output/report.ts';
import { formatResult, type PrintableResult } from './output/result.ts';
import { Stopwatch } from './output/stopwatch.ts';

const groups = {
  copy: copyOptions,
  source: sourceStoreOptions,
  store: storeOptions,
  encryption: recipientOptions,
  identity: identityOptions,
  output: outputOptions,
  logging: loggingOptions,
} as const;

/** `etcdbrctl copy`. */
export const copyCommand = command({
  name: 'copy',
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
  groups,
  async run({ config, context, print }) {
    const { openSourceStore, openTargetStore } = await import('./open-store.ts');
    const { copyBackups, planBackupCopy, waitForFinal } = await import('../operations/copy/copy.ts');
    const { refuseLeftOut } = await import('../operations/copy/refuse-left-out.ts');
    requireContainers(config);
    const { waitForFinal: wanted, waitForFinalTimeoutMs, dryRun, ...limits } = config.copy;
    await using source = await openSourceStore(config.source, context);
    await using target = await openTargetStore(config.store, context);
    await refuseSamePlace(source, target);
    const { identitiesOf, recipientsOf } = await import('./encryption-keys.ts');
    const keys = {
      identities: await identitiesOf(config.identity, context),
      recipients: await recipientsOf(config.encryption),
    };
    const request = { source, target, keys, ...limits };
    if (dryRun) {
      const plan = await planBackupCopy(request, context);
      await print(await formatReport(planReport(plan), config.output.format));
      refuseLeftOut({ orphans: plan.orphans.map(({ name }) => name), vanished: [] }, request);
      return;
    }
    if (wanted) {
      await waitForFinal(request, waitForFinalTimeoutMs, context);
    }
    const watch = new Stopwatch(context.clock);
    const result = await copyBackups(request, context);
    const places = { source: source.location, target: target.location };
    await print(formatResult(copyResult(result, { ...places, watch }), config.output.format));
    refuseLeftOut(result, request);
  },
});

/** Elsewhere a local directory has a default; here the two would be mixed up, and backups of another cluster copied into a store. */
function requireContainers({ source, store }: ConfigOf<typeof groups>): void {
  for (const [flag, { container }] of [
    ['--source-store-container', source],
    ['--store-container', store],
  ] as const) {
    if (container === undefined) {
      throw new UsageFailure({
        action: 'use',
        object: flag,
        found: 'it is missing, and copy takes no default for it',
        remedy: 'give the containers of both stores',
      });
    }
  }
}

async function refuseSamePlace(source: SnapStore, target: SnapStore): Promise<void> {
  const [from, to] = await Promise.all(
    [source, target].map(({ location }) => realpath(location).catch(() => location)),
  );
  if (from === to) {
    throw new UsageFailure({
      action: 'use',
      object: '--store-container',
      found: `source and target are the same place, ${target.location}`,
      remedy: 'give another container or prefix',
    });
  }
}

function planReport(plan: BackupCopyPlan): Report {
  const objects = [
    ...plan.chains.flat().map(({ action, source, target }) => {
      return { action, source: source.key, target: target.name, size: source.size };
    }),
    ...plan.companions.map(({ action, companion: { key, name, size } }) => ({
      action,
      source: key,
      target: name,
      size,
    })),
  ];
  const rows = objects.map(({ action, target, size }) => [action, target, formatBytes(size)]);
  const pending = objects.filter(({ action }) => action !== 'present');
  const bytes = pending.reduce((sum, { size }) => sum + size, 0);
  const orphans = plan.orphans.length;
  const without = orphans === 0 ? [] : [`${countText(orphans, 'delta')} without the full before would be left out`];
  const sum = `${formatCount(pending.length)} of ${countText(objects.length, 'object')} would be copied, ${formatBytes(bytes)}`;
  const columns = [
    { title: 'ACTION', align: 'left' },
    { title: 'OBJECT', align: 'left' },
    { title: 'SIZE', align: 'right' },
  ] as const;
  return {
    table: [...(rows.length === 0 ? [] : [...tableLines(columns, rows), '']), sum, ...without],
    data: {
      objects,
      pending: pending.length,
      pendingBytes: bytes,
      leftOutBackups: plan.leftOut,
      orphans: plan.orphans.map(({ name }) => name),
    },
  };
}

function copyResult(
  result: CopyResult,
  { watch, ...places }: { readonly source: string; readonly target: string; readonly watch: Stopwatch },
): PrintableResult {
  const bytes = sizeOf(result.copied);
  const replaced = result.copied.filter(({ action }) => action === 'replace').length;
  return {
    lines: [
      ['From', places.source],
      ['To', places.target],
      ['Copied', `${countText(result.copied.length, 'object')}, ${exactBytes(bytes)}`],
      [
        'Replaced',
        replaced === 0 ? undefined : `${formatCount(replaced)} of them ${replaced === 1 ? 'was' : 'were'} incomplete`,
      ],
      ['Already there', countText(result.present, 'object')],
      ['Companions', companionsText(result)],
      [
        'Left histories',
        result.ofLeftHistories === 0 ? undefined : `${countText(result.ofLeftHistories, 'snapshot')}, not copied`,
      ],
      ['Left out', result.leftOut === 0 ? undefined : `${countText(result.leftOut, 'backup')}, by the limits`],
      ['Vanished', result.vanished.length === 0 ? undefined : result.vanished.join(', ')],
      ['Without full', result.orphans.length === 0 ? undefined : countText(result.orphans.length, 'delta')],
      watch.line,
    ],
    json: {
      ...places,
      copied: result.copied.map(({ action, source, target }) => ({ name: target.name, size: source.size, action })),
      copiedBytes: bytes,
      seconds: watch.seconds,
      present: result.present,
      companions: result.companions.copied.map(({ name, size }) => ({ name, size })),
      companionsPresent: result.companions.present,
      vanished: result.vanished,
      orphans: result.orphans,
      leftOutBackups: result.leftOut,
      ofLeftHistories: result.ofLeftHistories,
    },
  };
}

function companionsText({ companions: { copied, present } }: CopyResult): string | undefined {
  return copied.length + present === 0
    ? undefined
    : `${formatCount(copied.length)} copied, ${formatCount(present)} already there`;
}

function sizeOf(objects: readonly { readonly source: { readonly size: number } }[]): number {
  return objects.reduce((sum, { source }) => sum + source.size, 0);
}
