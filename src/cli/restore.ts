import { restoreSpec } from '../config/commands/restore.ts';
import type { RestoreResult } from '../ops/restorer.ts';
import { formatBytes, formatCount } from '../runtime/amount.ts';
import { command } from './command.ts';
import { noteEmbeddedEtcdOptions } from './embedded-etcd-note.ts';
import { formatId, formatResult, type PrintableResult } from './result.ts';

/** `etcdbrctl restore`. */
export const restoreCommand = command(restoreSpec, async ({ config, sources, context, print }) => {
  noteEmbeddedEtcdOptions(sources, context.log);
  const { openStore } = await import('./open-store.ts');
  const { restore } = await import('../ops/restorer.ts');
  const store = await openStore(config.store, context);
  try {
    const result = await restore({ store, member: config.member, ...config.restoration }, context);
    print(formatResult(restoreResult(result), config.output.format));
  } finally {
    await store.close();
  }
});

/** What stands on disk after a restore. */
export function restoreResult(result: RestoreResult): PrintableResult {
  return {
    lines: [
      ['Data directory', result.dataDir],
      ['Revision', String(result.revision)],
      ['Base snapshot', result.snapshots[0]],
      ['Delta snapshots', formatCount(Math.max(0, result.snapshots.length - 1))],
      ['Events applied', formatCount(result.eventsApplied)],
      ['Size of db', `${result.dbSize} bytes (${formatBytes(result.dbSize)})`],
      ['Member id', formatId(result.memberId)],
      ['Cluster id', formatId(result.clusterId)],
    ],
    json: { ...result, memberId: formatId(result.memberId), clusterId: formatId(result.clusterId) },
  };
}
