import { commandSpec } from '../command-spec.ts';
import { loggingOptions, outputOptions } from '../options/logging.ts';
import { embeddedEtcdOptions, memberOptions, restorationOptions } from '../options/restoration.ts';
import { restoreChangesOptions } from '../options/restore-changes.ts';
import { restoreTargetOptions } from '../options/restore-target.ts';
import { storeOptions } from '../options/store.ts';

/** `etcdbrctl restore`. */
export const restoreSpec = commandSpec({
  name: 'restore',
  summary: 'build a data directory from the newest backup or an older state',
  description:
    'Builds the data directory of an etcd member from the newest full snapshot in the store and the deltas ' +
    'after it, or from those that lead to an older state. No etcd is needed. The data directory must not hold a ' +
    'member yet.',
  examples: [
    {
      does: 'Restore a single member:',
      command: 'etcdbrctl restore --storage-provider Local --store-container /backup -d /var/etcd/data',
    },
    {
      does: 'See what a restore to an older state would use, without doing it:',
      command: 'etcdbrctl restore --store-container /backup --to-time 2026-11-21T09:30:00Z --plan',
    },
    {
      does: 'Restore a file that etcdctl snapshot save has written:',
      command: 'etcdbrctl restore --file snapshot.db -d /var/etcd/data',
    },
    {
      does: 'Restore one member of three; run it once for each with its own name and address:',
      command:
        'etcdbrctl restore --storage-provider Local --store-container /backup -d /var/etcd/data --name a ' +
        '--initial-cluster a=http://a:2380,b=http://b:2380,c=http://c:2380 ' +
        '--initial-advertise-peer-urls http://a:2380',
    },
  ],
  groups: {
    target: restoreTargetOptions,
    store: storeOptions,
    restoration: restorationOptions,
    member: memberOptions,
    changes: restoreChangesOptions,
    output: outputOptions,
    logging: loggingOptions,
    embeddedEtcd: embeddedEtcdOptions,
  },
});
