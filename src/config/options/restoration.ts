import { optionGroup } from '../option.ts';

/** Who the restored member is, in the terms of etcd's own flags. */
export const memberOptions = optionGroup({
  title: 'Restored member',
  options: {
    name: {
      flag: 'name',
      type: 'string',
      default: 'default',
      rule: 'not empty',
      placeholder: 'name',
      help: 'Name of this member, as in --initial-cluster.',
      fileKeys: ['restorationConfig.name'],
    },
    initialCluster: {
      flag: 'initial-cluster',
      type: 'string',
      default: 'default=http://localhost:2380',
      rule: 'initial cluster',
      placeholder: 'name=url,...',
      help: 'Every member of the cluster with its peer URL, NAME=URL separated by commas; a member with several is there several times.',
      fileKeys: ['restorationConfig.initialCluster'],
    },
    initialClusterToken: {
      flag: 'initial-cluster-token',
      type: 'string',
      default: 'etcd-cluster',
      placeholder: 'text',
      help: 'Token from which the ids of cluster and members follow; give the one that etcd is started with.',
      fileKeys: ['restorationConfig.initialClusterToken'],
    },
    initialAdvertisePeerUrls: {
      flag: 'initial-advertise-peer-urls',
      type: 'stringArray',
      default: ['http://localhost:2380'],
      rule: 'peer url',
      placeholder: 'url',
      help: 'Peer address of this member; repeat the flag for several.',
      fileKeys: ['restorationConfig.initialAdvertisePeerURLs'],
    },
  },
});

const dataDir = {
  flag: 'data-dir',
  short: 'd',
  type: 'string',
  default: 'default.etcd',
  rule: 'not empty',
  placeholder: 'dir',
  help: 'The data directory of etcd; below the working directory unless absolute.',
  fileKeys: ['restorationConfig.dataDir', 'restorationConfig.restoreDataDir'],
} as const;

/** How a database is built from a backup. */
export const rebuildOptions = optionGroup({
  title: 'Restore',
  options: {
    tempDir: {
      flag: 'restoration-temp-snapshots-dir',
      rare: true,
      type: 'string',
      default: 'default.restoration.tmp',
      rule: 'not empty',
      placeholder: 'dir',
      help: 'Directory for temporary files of the restore, below the working directory unless absolute; made when absent.',
      fileKeys: ['restorationConfig.tempDir', 'restorationConfig.tempSnapshotsDir'],
    },
    maxFetchers: {
      flag: 'max-fetchers',
      rare: true,
      type: 'uint',
      default: 6,
      min: 1,
      placeholder: 'count',
      help: 'Deltas that are fetched at once.',
      fileKeys: ['restorationConfig.maxFetchers'],
    },
    skipHashCheck: {
      flag: 'skip-hash-check',
      type: 'bool',
      default: false,
      help: 'Do not require the hash at the end of a full snapshot; needed for a db file that was copied from a data directory.',
      fileKeys: ['restorationConfig.skipHashCheck'],
    },
    quotaBytes: {
      flag: 'embedded-etcd-quota-bytes',
      rare: true,
      type: 'int',
      default: 8 * 1024 * 1024 * 1024,
      min: 1,
      placeholder: 'bytes',
      help: 'Backend quota, in bytes, of the etcd that will be started; a restored db that is larger is refused.',
      fileKeys: ['restorationConfig.embeddedEtcdQuotaBytes'],
    },
  },
});

/** What is restored, where to and how. */
export const restorationOptions = optionGroup({ title: 'Restore', options: { dataDir, ...rebuildOptions.options } });

/** Where etcd keeps its log, when not in the data directory. */
export const walOptions = optionGroup({
  title: 'Write-ahead log',
  options: {
    walDir: {
      flag: 'wal-dir',
      type: 'string',
      default: undefined,
      placeholder: 'dir',
      help: 'The directory of the write-ahead log, when etcd runs with --wal-dir: the same as there; member/wal in the data directory when not given.',
      fileKeys: ['restorationConfig.walDir'],
    },
  },
});

/** Flags that tune the embedded etcd of the Go program. */
export const embeddedEtcdOptions = optionGroup({
  title: 'Accepted for compatibility, without effect',
  withoutEffect: 'restoring needs no etcd that it could tune',
  options: {
    maxTxnOps: {
      flag: 'max-txn-ops',
      rare: true,
      type: 'uint',
      default: 10 * 1024,
      placeholder: 'count',
      help: 'Operations in one transaction of an embedded etcd.',
      fileKeys: ['restorationConfig.MaxTxnOps'],
    },
    maxRequestBytes: {
      flag: 'max-request-bytes',
      rare: true,
      type: 'uint',
      default: 10 * 1024 * 1024,
      placeholder: 'bytes',
      help: 'Size of a request to an embedded etcd, in bytes.',
      fileKeys: ['restorationConfig.MaxRequestBytes'],
    },
    maxCallSendMessageSize: {
      flag: 'max-call-send-message-size',
      rare: true,
      type: 'int',
      default: 10 * 1024 * 1024,
      min: 1,
      placeholder: 'bytes',
      help: 'Size of a message to an embedded etcd, in bytes.',
      fileKeys: ['restorationConfig.maxCallSendMsgSize', 'etcdConnectionConfig.maxCallSendMsgSize'],
    },
    autoCompactionMode: {
      flag: 'auto-compaction-mode',
      rare: true,
      type: 'string',
      default: 'periodic',
      choices: ['periodic', 'revision'],
      placeholder: 'name',
      help: 'Compaction of an embedded etcd.',
      fileKeys: ['restorationConfig.autoCompactionMode'],
    },
    autoCompactionRetention: {
      flag: 'auto-compaction-retention',
      rare: true,
      type: 'string',
      default: '30m',
      placeholder: 'text',
      help: 'What compaction of an embedded etcd keeps.',
      fileKeys: ['restorationConfig.autoCompactionRetention'],
    },
  },
});

const { name, initialCluster, initialClusterToken, initialAdvertisePeerUrls } = memberOptions.options;

/** Flags of the Go program's `compact`, which starts an etcd on a data directory. */
export const compactionEtcdOptions = optionGroup({
  title: embeddedEtcdOptions.title,
  withoutEffect: 'compacting makes no data directory and needs no etcd',
  options: {
    dataDir: { ...dataDir, rare: true },
    name: { ...name, rare: true },
    initialCluster: { ...initialCluster, rare: true },
    initialClusterToken: { ...initialClusterToken, rare: true },
    initialAdvertisePeerUrls: { ...initialAdvertisePeerUrls, rare: true },
    ...embeddedEtcdOptions.options,
  },
});

/** How thoroughly a data directory is checked before it is trusted. */
export const validationOptions = optionGroup({
  title: 'Validation',
  options: {
    mode: {
      flag: 'validation-mode',
      type: 'string',
      default: 'full',
      choices: ['full', 'sanity'],
      placeholder: 'mode',
      help: 'sanity checks the structure and the last revision; full also reads every page of the db, the WAL and the snap files.',
    },
  },
});
