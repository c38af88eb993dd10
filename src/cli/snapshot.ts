import { etcdConnectionOptions } from '../config/options/etcd-connection.ts';
import { loggingOptions, outputOptions } from '../config/options/logging.ts';
import { onceOptions, scheduledBackupGroups } from '../config/options/snapshotter.ts';
import { storeOptions } from '../config/options/store.ts';
import type { FullSnapshotResult } from '../operations/snapshot/full/save.ts';
import { formatBytes, formatCount } from '../runtime/log/amount.ts';
import { command } from './command.ts';
import { formatResult, type PrintableResult } from './output/result.ts';
import { versionLines } from './version.ts';

/** `etcdbrctl snapshot`. */
export const snapshotCommand = command({
  name: 'snapshot',
  summary: 'back up a running etcd: fulls by schedule, deltas in between',
  description:
    'Takes a full snapshot of a running etcd cluster, then watches it and writes every change as delta ' +
    'snapshots, with further fulls by schedule, until it is stopped (Ctrl-C or SIGTERM). ' +
    'With --once it takes one full snapshot and ends.',
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
    if (!config.once.once) {
      for (const line of versionLines()) {
        context.log.info(line);
      }
    }
    const { openStore } = await import('./open-store.ts');
    const { connect } = await import('../etcd/connect.ts');
    const { compressionOf, scheduledBackupOf } = await import('./scheduled-backup.ts');
    const { snapshotFrom } = config.snapshotter;
    await using store = await openStore(config.store, context);
    await using connection = await connect({ ...config.connection, snapshotFrom }, context);
    const common = { cluster: connection.cluster, store, tempDir: config.store.tempDir };
    if (config.once.once) {
      const { takeFullSnapshot } = await import('../operations/snapshot/take-once.ts');
      const { saveCompanion } = await import('../operations/companion/companion.ts');
      const result = await takeFullSnapshot({ ...common, compression: compressionOf(config), final: false }, context);
      const companion =
        config.once.include.length === 0
          ? undefined
          : await saveCompanion(
              { store, full: result.snapshot, paths: config.once.include, keep: config.once.companionMax },
              context,
            );
      await print(formatResult(onceResult(result, store.location, companion), config.output.format));
    } else {
      const { Snapshotter } = await import('../operations/snapshot/snapshotter.ts');
      await new Snapshotter({ ...common, ...scheduledBackupOf(config, given), start: 'full' }, context).run();
      context.log.info('Shutting down...');
    }
  },
});

/** The result of `snapshot --once`; the JSON's first keys are those of `etcdctl snapshot status`. */
export function onceResult(
  result: FullSnapshotResult,
  storeLocation: string,
  companion?: { readonly name: string; readonly size: number },
): PrintableResult {
  const { snapshot, hash, totalKeys, totalSize } = result;
  const location = `${storeLocation}/${snapshot.layout}/${snapshot.name}`;
  return {
    lines: [
      ['Snapshot', snapshot.name],
      ['Location', location],
      ['Revision', String(snapshot.lastRevision)],
      ['Total keys', formatCount(totalKeys)],
      ['Total size', `${totalSize} bytes (${formatBytes(totalSize)})`],
      ['Stored size', `${snapshot.size} bytes (${formatBytes(snapshot.size)})`],
      ['Hash', hash.toString(16)],
      ['Companion', companion?.name],
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
    },
  };
}
