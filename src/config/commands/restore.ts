import { commandSpec } from '../command-spec.ts';
import { loggingOptions, outputOptions } from '../options/logging.ts';
import { embeddedEtcdOptions, memberOptions, restorationOptions } from '../options/restoration.ts';
import { storeOptions } from '../options/store.ts';

/** `etcdbrctl restore`. */
export const restoreSpec = commandSpec({
  name: 'restore',
  summary: 'build a data directory from the newest backup',
  description:
    'Builds the data directory of an etcd member from the newest full snapshot in the store and the deltas ' +
    'after it. No etcd is needed. The data directory must not hold a member yet.',
  examples: [
    {
      does: 'Restore a single member:',
      command: 'etcdbrctl restore --storage-provider Local --store-container /backup -d /var/etcd/data',
    },
    {
      does: 'Restore one member of three; run it once for each with its own name and address:',
      command:
        'etcdbrctl restore --storage-provider Local --store-container /backup -d /var/etcd/data --name etcd-0 ' +
        '--initial-cluster etcd-0=http://10.0.0.1:2380,etcd-1=http://10.0.0.2:2380,etcd-2=http://10.0.0.3:2380 ' +
        '--initial-advertise-peer-urls http://10.0.0.1:2380',
    },
  ],
  groups: {
    store: storeOptions,
    restoration: restorationOptions,
    member: memberOptions,
    output: outputOptions,
    logging: loggingOptions,
    embeddedEtcd: embeddedEtcdOptions,
  },
});
