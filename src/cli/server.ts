import { configFileOptions } from '../config/options/config-file.ts';
import { etcdConnectionOptions } from '../config/options/etcd-connection.ts';
import { memberLeaseOptions, snapshotLeaseOptions } from '../config/options/leases.ts';
import { loggingOptions } from '../config/options/logging.ts';
import { embeddedEtcdOptions, memberOptions, restorationOptions } from '../config/options/restoration.ts';
import { leaderElectionOptions, serverOptions } from '../config/options/server.ts';
import { scheduledBackupGroups } from '../config/options/snapshotter.ts';
import { secondaryStoreOptions, sidecarStoreOptions } from '../config/options/store.ts';
import { Failure } from '../runtime/failure.ts';
import { command } from './command.ts';

/** `etcdbrctl server`. */
export const serverCommand = command({
  name: 'server',
  summary: 'run next to an etcd member: back up, check and restore over HTTP',
  description:
    'Listens for HTTP requests to validate and restore the data directory of the etcd member next to it and to take ' +
    'snapshots, and takes backups by schedule while that member leads the cluster.',
  examples: [
    { does: 'Everything from a file:', command: 'etcdbrctl server --config-file /etc/etcdbrctl/config.yaml' },
    {
      does: 'The same file, another port:',
      command: 'etcdbrctl server --config-file /etc/etcdbrctl/config.yaml --server-port 9090',
    },
  ],
  groups: {
    configFile: configFileOptions,
    server: serverOptions,
    store: sidecarStoreOptions,
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
  run: () =>
    Promise.reject(
      new Failure({
        code: 'not_built',
        action: 'run',
        object: 'server',
        found: 'this version does not have it yet',
      }),
    ),
});
