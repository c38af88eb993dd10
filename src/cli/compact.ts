import { compactSpec } from '../config/commands/compact.ts';
import type { CompactResult } from '../ops/compactor.ts';
import { formatBytes, formatCount } from '../runtime/amount.ts';
import { command } from './command.ts';
import { noteEmbeddedEtcdOptions } from './embedded-etcd-note.ts';
import { formatResult, type PrintableResult } from './result.ts';

/** `etcdbrctl compact`. */
export const compactCommand = command(compactSpec, async ({ config, sources, context, print }) => {
  noteEmbeddedEtcdOptions(sources, context.log);
  const { compaction, restoration, leases } = config;
  if (!compaction.defragment) {
    context.log.debug('--defragment=false has no effect: a compacted snapshot never has free pages');
  }
  const { openStore } = await import('./open-store.ts');
  const { compactBackup } = await import('../ops/compactor.ts');
  const store = await openStore(config.store, context);
  try {
    const request = { ...restoration, store, saveTimeoutMs: compaction.snapshotTimeoutMs };
    const result = await compactBackup(request, context);
    if (leases.enabled) {
      context.log.warn('This version writes no Kubernetes leases; --enable-snapshot-lease-renewal has no effect');
    }
    print(formatResult(compactResult(result), config.output.format));
    await context.clock.sleep(compaction.metricsScrapeWaitMs, context.signal);
  } finally {
    await store.close();
  }
});

/** The new full, and what it replaces. */
export function compactResult({ snapshot, from, eventsApplied, sizeBefore, facts }: CompactResult): PrintableResult {
  return {
    lines: [
      ['Snapshot', snapshot.name],
      ['Revision', String(snapshot.lastRevision)],
      ['Made of', `${from[0]} and ${formatCount(from.length - 1)} deltas`],
      ['Events applied', formatCount(eventsApplied)],
      ['Keys', formatCount(facts.changes)],
      ['Size of db', `${facts.size} bytes (${formatBytes(facts.size)}), before ${formatBytes(sizeBefore)}`],
      ['Stored size', `${snapshot.size} bytes (${formatBytes(snapshot.size)})`],
      ['Hash', facts.hash.toString(16)],
    ],
    json: {
      hash: facts.hash,
      revision: snapshot.lastRevision,
      totalKey: facts.totalKeys,
      totalSize: facts.size,
      snapshot: snapshot.name,
      key: snapshot.key,
      storedSize: snapshot.size,
      createdOn: new Date(snapshot.createdOn * 1_000).toISOString(),
      from,
      eventsApplied,
      sizeBefore,
    },
  };
}
