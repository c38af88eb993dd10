import type { ConfigOf } from '../config/command-spec.ts';
import { etcdConnectionOptions } from '../config/options/etcd-connection.ts';
import { loggingOptions, outputOptions } from '../config/options/logging.ts';
import { onceOptions, retentionRules, scheduledBackupGroups } from '../config/options/snapshotter.ts';
import { storeOptions } from '../config/options/store.ts';
import type { PrunedObject, RetentionRules } from '../operations/prune/prune.ts';
import type { FullSnapshotResult } from '../operations/snapshot/full/save.ts';
import { countText, exactBytes, formatCount } from '../runtime/log/amount.ts';
import type { RunContext } from '../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../snapstore/snapstore.ts';
import { command } from './command.ts';
import { formatResult, type PrintableResult } from './output/result.ts';
import { tookText } from './output/stopwatch.ts';
import { refuseIncompletePrune } from './refuse-incomplete-prune.ts';
import { goingBackText, longestOffPeriodMs, retentionRulesOf, warnOfUnusedRetention } from './retention-rules.ts';
import { versionLines } from './version.ts';

/** `etcdbrctl snapshot`. */
export const snapshotCommand = command({
  name: 'snapshot',
  description:
    'Takes a full snapshot of a running etcd cluster, then watches it and writes every change as delta ' +
    'snapshots, with further fulls by schedule, until it is stopped (Ctrl-C or SIGTERM). ' +
    'With --once it takes one full snapshot and ends; with flags of retention it then deletes what they do not keep.',
  examples: [
    {
      does: 'Back up to a directory, a full every hour and a delta every 20 seconds:',
      command: 'etcdbrctl snapshot --storage-provider Local --store-container /backup',
    },
    {
      does: 'One full snapshot, for a cron job; the result as JSON:',
      command: 'etcdbrctl snapshot --once -o json --storage-provider Local --store-container /backup',
    },
  ],
  groups: {
    once: onceOptions,
    store: storeOptions,
    connection: etcdConnectionOptions,
    ...scheduledBackupGroups,
    output: outputOptions,
    logging: loggingOptions,
  },
  async run({ config, given, context, print }) {
    warnOfUnusedRetention(config.retention, given, context);
    if (!config.once.once) {
      const { refuseUnknownZone } = await import('../config/local-zone.ts');
      refuseUnknownZone(context.environment);
      for (const line of versionLines()) {
        context.log.info(line);
      }
      const { garbageCollectionPeriodMs } = config.retention;
      const deletes = garbageCollectionPeriodMs > longestOffPeriodMs;
      context.log.info(goingBackText(deletes ? retentionRulesOf(config.retention) : undefined));
    }
    const { openReadStore } = await import('./open-store.ts');
    const { reloadedRecipientsOf } = await import('./encryption-keys.ts');
    const recipients = await reloadedRecipientsOf(config.encryption, context);
    const { connect } = await import('../etcd/connect.ts');
    const { packingOf, scheduledBackupOf } = await import('./scheduled-backup.ts');
    const { snapshotFrom } = config.snapshotter;
    await using store = await openReadStore(config.store, config.identity, context);
    await using connection = await connect({ ...config.connection, snapshotFrom }, context);
    const common = { cluster: connection.cluster, store, tempDir: config.store.tempDir };
    if (config.once.once) {
      warnOfUnusedFlags(given, context);
      const { takeFullSnapshot } = await import('../operations/snapshot/take-once.ts');
      const { checkIncluded, saveCompanion } = await import('../operations/companion/companion.ts');
      await checkIncluded(config.once.include, context);
      const result = await takeFullSnapshot(
        { ...common, ...packingOf(config, recipients?.value), final: false },
        context,
      );
      const companion =
        config.once.include.length === 0
          ? undefined
          : await saveCompanion(
              {
                store,
                full: result.snapshot,
                paths: config.once.include,
                keep: config.once.companionMax,
                recipients: recipients?.value,
              },
              context,
            );
      const rules = retentionOfOnce(config, given);
      // What was stored is reported whatever becomes of the garbage.
      const pruned = await settled(rules === undefined ? [] : collect(result.snapshot, { store, rules }, context));
      const deleted = pruned.status === 'fulfilled' ? pruned.value.filter(({ outcome }) => outcome === 'deleted') : [];
      const stored = onceResult(result, store.location, {
        companion,
        deleted: deleted.map(({ snapshot: { name } }) => name),
      });
      await print(formatResult(stored, config.output.format));
      if (pruned.status === 'rejected') {
        throw pruned.reason;
      }
      refuseIncompletePrune(pruned.value, store.location, companion?.undeleted);
    } else {
      const { Snapshotter } = await import('../operations/snapshot/snapshotter.ts');
      await new Snapshotter(
        { ...common, ...scheduledBackupOf(config, given, recipients), start: 'full' },
        context,
      ).run();
      context.log.info('Shutting down...');
    }
  },
});

/** Flags that say how to go on after the first full. */
const scheduledOnly = [
  'schedule',
  'delta-snapshot-period',
  'delta-snapshot-memory-limit',
  'delta-spool-limit',
  'max-store-outage',
  'defragmentation-schedule',
];

function warnOfUnusedFlags(given: ReadonlySet<string>, { log }: Pick<RunContext, 'log'>): void {
  for (const flag of scheduledOnly.filter((each) => given.has(each))) {
    log.warn(`--${flag} has no effect with --once`);
  }
}

/** Nothing is deleted by a rule that nobody has written: the store may be that of a snapshotter with other ones. */
function retentionOfOnce(
  { retention }: Pick<ConfigOf<typeof scheduledBackupGroups>, 'retention'>,
  given: ReadonlySet<string>,
): RetentionRules | undefined {
  const written = Object.values(retentionRules.options).some(({ flag }) => given.has(flag));
  return written && retention.garbageCollectionPeriodMs > longestOffPeriodMs ? retentionRulesOf(retention) : undefined;
}

async function collect(
  full: StoredSnapshot,
  request: { readonly store: SnapStore; readonly rules: RetentionRules },
  context: RunContext,
): Promise<readonly PrunedObject[]> {
  const { collectGarbageAfter } = await import('../operations/snapshot/collect-garbage-after.ts');
  return await collectGarbageAfter(full, request, context);
}

async function settled<T>(work: T | Promise<T>): Promise<PromiseSettledResult<T>> {
  const [outcome] = await Promise.allSettled([work]);
  return outcome as PromiseSettledResult<T>;
}

/** The result of `snapshot --once`; the JSON's first keys are those of `etcdctl snapshot status`. */
export function onceResult(
  result: FullSnapshotResult,
  storeLocation: string,
  more: {
    readonly companion?: { readonly name: string; readonly size: number } | undefined;
    /** Names of objects that garbage collection has deleted. */
    readonly deleted?: readonly string[];
  } = {},
): PrintableResult {
  const { companion, deleted = [] } = more;
  const { snapshot, hash, totalKeys, totalSize, seconds } = result;
  const location = `${storeLocation}/${snapshot.layout}/${snapshot.name}`;
  return {
    lines: [
      ['Snapshot', snapshot.name],
      ['Location', location],
      ['Revision', String(snapshot.lastRevision)],
      ['Total keys', formatCount(totalKeys)],
      ['Total size', exactBytes(totalSize)],
      ['Stored size', exactBytes(snapshot.size)],
      ['Hash', hash.toString(16)],
      ['Took', tookText(seconds)],
      ['Companion', companion?.name],
      ['Deleted', deleted.length === 0 ? undefined : `${countText(deleted.length, 'old object')}`],
    ],
    json: {
      hash,
      revision: snapshot.lastRevision,
      totalKey: totalKeys,
      totalSize,
      snapshot: snapshot.name,
      location,
      key: snapshot.key,
      storedSize: snapshot.size,
      createdOn: new Date(snapshot.createdOn * 1_000).toISOString(),
      ...(companion === undefined ? {} : { companion: companion.name, companionSize: companion.size }),
      seconds: Math.round(seconds * 1_000) / 1_000,
      deleted,
    },
  };
}
