import type { FailureCodeTable } from './failure-code-facts.ts';

/** Codes of data directories and of the operating system's files. */
export const fileCodes = {
  not_a_data_dir: {
    exitCode: 1,
    meaning: 'the directory is not that of an etcd member',
    remedy: 'give the data directory of a stopped etcd',
  },
  invalid_membership: {
    exitCode: 2,
    meaning: "the options for the restored member contradict each other, by etcd's own rules",
    remedy: 'correct the option that is named',
  },
  quota_exceeded: {
    exitCode: 1,
    meaning: 'the restored database is larger than the quota',
    remedy: 'raise `--embedded-etcd-quota-bytes`, and the quota of the etcd that will run on it',
  },
  data_dir_in_use: {
    exitCode: 1,
    meaning: 'the data directory already contains a member',
    remedy: 'stop etcd, and move the directory away or choose another `--data-dir`',
  },
  data_dir_in_store: {
    exitCode: 2,
    meaning: 'the directory to write is among the snapshots of the store, or holds the store in its `member/`',
    remedy: 'choose another directory',
  },
  directory_of_system: {
    exitCode: 2,
    meaning: 'the directory to write is one that belongs to the system, such as `/` or `/etc`',
    remedy: 'give a directory of its own; a variable in the path may be empty',
  },
  data_dir_busy: {
    exitCode: 1,
    meaning: 'another run of `restore` or `initialize` works on the data directory',
    remedy: 'wait until it has ended; nothing was changed',
  },
  data_dir_changed: {
    exitCode: 1,
    meaning: 'the data directory, or what was built for it, was moved or replaced during the run',
    remedy: 'leave it alone until the run has ended, and try again',
  },
  data_dir_locked: {
    exitCode: 1,
    meaning: 'an etcd runs on the data directory, or has the db file open',
    remedy: 'stop it; nothing was changed',
  },
  data_dir_invalid: {
    exitCode: 1,
    meaning: 'the data directory cannot be trusted, and there is no store to restore it from',
    remedy: 'configure the store, or move the directory away to start a new member',
  },
  cluster_alive: {
    exitCode: 1,
    meaning: 'the cluster of the member is alive; restored alone it would contradict what it has agreed to',
    remedy: 'remove the member from the cluster and add it again as a learner; the message has the commands',
  },
  cluster_unreachable: {
    exitCode: 1,
    meaning: 'one of several members has lost its directory, and no quorum of the others answers',
    remedy: 'start the other members; if all are lost, the message says how to begin again from the backup',
  },
  cluster_lost: {
    exitCode: 1,
    meaning: 'one of several members has lost its directory, no cluster answers, and there are backups',
    remedy: 'start the other members; if all are lost, the message says how to begin again from the backup',
  },
  member_config: {
    exitCode: 1,
    meaning: "etcd's own configuration file cannot be understood, or says too little of this member",
    remedy: 'correct the file, ETCD_CONF or POD_NAME, as the message says',
  },
  wrong_member: {
    exitCode: 1,
    meaning: 'the directory, or the name, is that of another member or of another cluster than the one that answers',
    remedy: 'mount the right volume, correct `--data-dir` or `--endpoints`, or follow the message',
  },
  wal_missing: {
    exitCode: 1,
    meaning: 'the data directory has a sound db and no log; etcd may keep that in a directory of its own',
    remedy: 'give the `--wal-dir` of etcd; if the log is lost, move `member/` away to have it restored',
  },
  wrong_volume: {
    exitCode: 1,
    meaning: 'the volume belongs to another namespace',
    remedy: 'mount the right one; nothing was changed',
  },
  no_space: { exitCode: 1, meaning: 'the volume or the quota is full', remedy: 'free some space' },
  read_only: { exitCode: 1, meaning: 'the file system is read-only', remedy: 'mount it writable' },
  denied: {
    exitCode: 1,
    meaning: 'the operating system denies access to a file',
    remedy: 'check owner and mode of the directory',
  },
  not_a_directory: { exitCode: 1, meaning: 'a part of a path is no directory', remedy: 'choose another path' },
  not_a_file: {
    exitCode: 1,
    meaning: 'a path leads to a directory, a pipe, a device or a socket instead of a file',
    remedy: 'give a file',
  },
  disk_error: { exitCode: 1, meaning: 'the disk reports an error', remedy: 'check the volume' },
  file_error: {
    exitCode: 1,
    meaning: 'the operating system refuses a file for another reason',
    remedy: 'go by the message',
  },
} as const satisfies FailureCodeTable;
