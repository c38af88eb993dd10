import { configFileOptions } from '../config/options/config-file.ts';
import { etcdConnectionOptions } from '../config/options/etcd-connection.ts';
import { memberLeaseOptions, snapshotLeaseOptions } from '../config/options/leases.ts';
import { loggingOptions } from '../config/options/logging.ts';
import { embeddedEtcdOptions, memberOptions, restorationOptions } from '../config/options/restoration.ts';
import { leaderElectionOptions, serverOptions, verificationOptions } from '../config/options/server.ts';
import { scheduledBackupGroups } from '../config/options/snapshotter.ts';
import { secondaryStoreOptions, sidecarStoreOptions } from '../config/options/store.ts';

/** The options of `server`, in the order of its help. */
export const serverGroups = {
  configFile: configFileOptions,
  server: serverOptions,
  store: sidecarStoreOptions,
  connection: etcdConnectionOptions,
  ...scheduledBackupGroups,
  verification: verificationOptions,
  leaderElection: leaderElectionOptions,
  leases: snapshotLeaseOptions,
  memberLease: memberLeaseOptions,
  restoration: restorationOptions,
  member: memberOptions,
  secondary: secondaryStoreOptions,
  logging: loggingOptions,
  embeddedEtcd: embeddedEtcdOptions,
};

/** See {@link serverGroups}. */
export type ServerGroups = typeof serverGroups;
