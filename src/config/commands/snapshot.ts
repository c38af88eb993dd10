import { commandSpec } from '../command-spec.ts';
import { etcdConnectionOptions } from '../options/etcd-connection.ts';
import { loggingOptions, outputOptions } from '../options/logging.ts';
import { onceOptions, scheduledBackupGroups } from '../options/snapshotter.ts';
import { storeOptions } from '../options/store.ts';

/** `etcdbrctl snapshot`. */
export const snapshotSpec = commandSpec({
  name: 'snapshot',
  summary: 'back up a running etcd: fulls by schedule, deltas in between',
  description:
    'Takes a full snapshot of a running etcd cluster, then watches it and writes every change as delta ' +
    'snapshots, with further fulls by schedule, until it is told to stop (Ctrl-C or SIGTERM). ' +
    'With --once it takes one full snapshot and leaves.',
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
});
