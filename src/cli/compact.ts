import { compactionOptions } from '../config/options/compaction.ts';
import { identityOptions, recipientOptions } from '../config/options/encryption.ts';
import { snapshotLeaseOptions } from '../config/options/leases.ts';
import { loggingOptions, outputOptions } from '../config/options/logging.ts';
import { compactionEtcdOptions, rebuildOptions } from '../config/options/restoration.ts';
import { storeOptions } from '../config/options/store.ts';
import type { CompactResult } from '../operations/compact/compact.ts';
import type { Revision } from '../revision.ts';
import { countText, exactBytes, formatBytes, formatCount } from '../runtime/log/amount.ts';
import { command } from './command.ts';
import { formatResult, type PrintableResult } from './output/result.ts';
import { stateTime } from './output/state-time.ts';
import { Stopwatch } from './output/stopwatch.ts';

/** `etcdbrctl compact`. */
export const compactCommand = command({
  name: 'compact',
  description:
    'Reads the newest full snapshot and its deltas, and writes one new full snapshot at the same revision with the ' +
    'history before it compacted. Restores from it are faster.',
  examples: [
    {
      does: 'Compact the newest backup of a bucket:',
      command: 'etcdbrctl compact --storage-provider S3 --store-container etcd-backup',
    },
  ],
  groups: {
    store: storeOptions,
    encryption: recipientOptions,
    identity: identityOptions,
    compaction: compactionOptions,
    restoration: rebuildOptions,
    leases: snapshotLeaseOptions,
    output: outputOptions,
    logging: loggingOptions,
    embeddedEtcd: compactionEtcdOptions,
  },
  async run({ config, context, pod, print }) {
    const { compaction, restoration, leases } = config;
    if (!compaction.defragment) {
      context.log.debug('--defragment=false has no effect: a compacted snapshot never has free pages');
    }
    const { openReadStore } = await import('./open-store.ts');
    const { recipientsOf } = await import('./encryption-keys.ts');
    const { compactBackup } = await import('../operations/compact/compact.ts');
    await using store = await openReadStore(config.store, config.identity, context);
    const recipients = await recipientsOf(config.encryption);
    const request = { ...restoration, store, recipients, saveTimeoutMs: compaction.snapshotTimeoutMs };
    const watch = new Stopwatch(context.clock);
    const result = await compactBackup(request, context);
    if (leases.enabled) {
      const { renewFullLease } = await import('./full-lease.ts');
      await renewFullLease({ name: leases.fullName, full: result.snapshot, namespace: pod.namespace }, context);
    }
    await print(formatResult(compactResult(result, watch), config.output.format));
    // The work is done: a signal only ends the wait.
    await context.clock.sleep(compaction.metricsScrapeWaitMs, context.signal).catch(() => undefined);
  },
});

/** The time of the state. The time in the name is a second later, and nothing was done then. */
function namedText(from: readonly string[], reached: Revision): string | undefined {
  const state = stateTime(from, reached);
  return state === undefined
    ? undefined
    : `${state}; its name, and TAKEN in list, say a second more, after what it is made of`;
}

/** The new full, and what it replaces. */
function compactResult(
  { snapshot, from, eventsApplied, sizeBefore, facts }: CompactResult,
  watch: Stopwatch,
): PrintableResult {
  return {
    lines: [
      ['Snapshot', snapshot.name],
      ['Revision', String(snapshot.lastRevision)],
      ['State of', namedText(from, snapshot.lastRevision)],
      ['Made of', `${from[0]} and ${countText(from.length - 1, 'delta')}`],
      ['Events applied', formatCount(eventsApplied)],
      ['Keys', formatCount(facts.changes)],
      ['Size of db', `${exactBytes(facts.size)}, before ${formatBytes(sizeBefore)}`],
      ['Stored size', exactBytes(snapshot.size)],
      ['Hash', facts.hash.toString(16)],
      watch.line,
    ],
    json: {
      hash: facts.hash,
      seconds: watch.seconds,
      revision: snapshot.lastRevision,
      totalKey: facts.totalKeys,
      totalSize: facts.size,
      snapshot: snapshot.name,
      key: snapshot.key,
      storedSize: snapshot.size,
      createdOn: new Date(snapshot.createdOn * 1_000).toISOString(),
      stateOf: stateTime(from, snapshot.lastRevision) ?? null,
      from,
      eventsApplied,
      sizeBefore,
    },
  };
}
