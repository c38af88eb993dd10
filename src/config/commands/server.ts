import { commandSpec } from '../command-spec.ts';
import { etcdConnectionOptions } from '../options/etcd-connection.ts';
import { memberLeaseOptions, snapshotLeaseOptions } from '../options/leases.ts';
import { loggingOptions } from '../options/logging.ts';
import { embeddedEtcdOptions, memberOptions, restorationOptions } from '../options/restoration.ts';
import { leaderElectionOptions, serverOptions } from '../options/server.ts';
import { scheduledBackupGroups } from '../options/snapshotter.ts';
import { secondaryStoreOptions, storeOptions } from '../options/store.ts';

/** `etcdbrctl server`. */
export const serverSpec = commandSpec({
  name: 'server',
  summary: 'run beside an etcd member: back up, check and restore over HTTP',
  description:
    'Listens for HTTP requests to validate and restore the data directory of the etcd member beside it and to take ' +
    'snapshots, and takes backups by schedule while that member leads the cluster.',
  examples: [
    { does: 'Everything from a file:', command: 'etcdbrctl server --config-file /etc/etcdbrctl/config.yaml' },
    {
      does: 'The same file, another port:',
      command: 'etcdbrctl server --config-file /etc/etcdbrctl/config.yaml --server-port 9090',
    },
  ],
  groups: {
    server: serverOptions,
    store: storeOptions,
    connection: etcdConnectionOptions,
    ...scheduledBackupGroups,
    leaderElection: leaderElectionOptions,
    leases: snapshotLeaseOptions,
    memberLease: memberLeaseOptions,
    restoration: restorationOptions,
    member: memberOptions,
    secondary: secondaryStoreOptions,
    logging: loggingOptions,
    embeddedEtcd: embeddedEtcdOptions,
  },
});
