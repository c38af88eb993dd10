import { snapshotSpec } from '../config/commands/snapshot.ts';
import type { FullSnapshotResult } from '../ops/snapshotter.ts';
import { formatBytes, formatCount } from '../runtime/amount.ts';
import { command } from './command.ts';
import { retentionRulesOf } from './prune/retention-rules.ts';
import { formatResult, type PrintableResult } from './result.ts';
import { versionLines } from './version.ts';

/** `etcdbrctl snapshot`. */
export const snapshotCommand = command(snapshotSpec, async ({ config, context, print }) => {
  if (!config.once.once) {
    for (const line of versionLines()) {
      context.log.info(line);
    }
  }
  const { openStore } = await import('./open-store.ts');
  const { connect } = await import('../etcd/connect.ts');
  const { runSnapshotter, takeFullSnapshot } = await import('../ops/snapshotter.ts');
  const { snapshotFrom } = config.snapshotter;
  const { saveCompanion } = await import('../ops/companion/companions.ts');
  const store = await openStore(config.store, context);
  try {
    const cluster = await connect({ ...config.connection, snapshotFrom }, context);
    try {
      const common = {
        cluster,
        store,
        compression: config.compression.enabled ? config.compression.policy : ('none' as const),
        tempDir: config.store.tempDir,
      };
      if (config.once.once) {
        const result = await takeFullSnapshot({ ...common, final: false }, context);
        const companion =
          config.once.include.length === 0
            ? undefined
            : await saveCompanion(
                { store, full: result.snapshot, paths: config.once.include, keep: config.once.companionMax },
                context,
              );
        print(formatResult(onceResult(result, store.location, companion), config.output.format));
      } else {
        const collection = {
          ...retentionRulesOf(config.retention),
          periodMs: config.retention.garbageCollectionPeriodMs,
        };
        const { schedule: defragmentationSchedule } = config.defragmentation;
        await runSnapshotter(
          { ...common, ...config.snapshotter, start: 'full', collection, defragmentationSchedule },
          context,
        );
        context.log.info('Shutting down...');
      }
    } finally {
      cluster.close();
    }
  } finally {
    await store.close();
  }
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
