/** What is known of every failure with one code. */
export interface FailureCodeFacts {
  /** How the process ends: 1 failed operation, 2 bad usage, 128 and the signal's number when it was interrupted. */
  readonly exitCode: 1 | 2 | '130 or 143';
  /** What was found. */
  readonly meaning: string;
  /** What the reader can do now. */
  readonly remedy: string;
}

const inStore = 'check container, --store-prefix and endpoint';
const fullNext = 'take a full snapshot; the snapshotter does so by itself';

/**
 * Every code the program can give, for scripts and metrics. docs/error-codes.md is made from it:
 * `node scripts/write-documents.ts`.
 */
export const failureCodes = {
  usage: {
    exitCode: 2,
    meaning: 'the command line, the environment or the configuration file cannot be used as it is',
    remedy: 'correct the option that is named; nothing was done',
  },
  interrupted: {
    exitCode: '130 or 143',
    meaning: 'SIGINT (130) or SIGTERM (143) ended the program',
    remedy: 'run it again',
  },
  not_built: { exitCode: 1, meaning: 'this version does not have the command yet', remedy: 'use a newer version' },
  unexpected: {
    exitCode: 1,
    meaning: 'a fault in the program',
    remedy: 'run again with `--log-level debug` to see where, and report it',
  },
  system_error: {
    exitCode: 1,
    meaning: 'the operating system refused something; the message begins with its own code, such as ENOSPC',
    remedy: 'go by that code',
  },

  etcd_unreachable: {
    exitCode: 1,
    meaning: 'no member answers, or none that has a leader',
    remedy: 'check `--endpoints`, the network and the members',
  },
  etcd_timeout: {
    exitCode: 1,
    meaning: 'a member did not answer in time',
    remedy: 'look at its load, or raise `--etcd-connection-timeout` or `--etcd-snapshot-timeout`',
  },
  etcd_tls: {
    exitCode: 1,
    meaning: 'the two sides do not trust each other, or one of them speaks no TLS',
    remedy: 'check the scheme in `--endpoints`, `--cacert`, `--cert` and `--key`',
  },
  etcd_auth: {
    exitCode: 1,
    meaning: 'user, password or permissions are not enough',
    remedy: 'give `--etcd-username` and `--etcd-password` of a user that has the role root',
  },
  etcd_options: {
    exitCode: 1,
    meaning: 'an option of the connection cannot be used, such as an unreadable PEM file',
    remedy: 'correct the option that is named',
  },
  etcd_refused: {
    exitCode: 1,
    meaning: 'etcd answered with another error of its own',
    remedy: "go by its text, and look into the member's log",
  },
  etcd_member_exists: {
    exitCode: 1,
    meaning: 'a peer URL is in use by another member of the cluster',
    remedy: 'look at the member list; the change may have been made already',
  },
  etcd_member_not_found: {
    exitCode: 1,
    meaning: 'the cluster has no such member',
    remedy: 'look at the member list; it may have been removed already',
  },
  etcd_too_many_learners: {
    exitCode: 1,
    meaning: 'the cluster has as many learners as etcd allows',
    remedy: 'wait until a learner is promoted, or remove it',
  },
  etcd_learner_not_ready: {
    exitCode: 1,
    meaning: 'a learner is not in sync with the leader and cannot be promoted yet',
    remedy: 'try again when it has caught up',
  },
  etcd_not_a_learner: {
    exitCode: 1,
    meaning: 'the member to promote votes already',
    remedy: 'nothing is left to do',
  },
  etcd_learner_refuses: {
    exitCode: 1,
    meaning: 'a learner was asked what only voting members answer',
    remedy: 'give a voting member in `--endpoints` or `--service-endpoints`',
  },
  etcd_compacted: {
    exitCode: 1,
    meaning: 'the revisions to watch from are compacted away',
    remedy: fullNext,
  },
  etcd_history_gap: { exitCode: 1, meaning: 'a watch skipped or repeated a revision', remedy: fullNext },
  etcd_history_changed: {
    exitCode: 1,
    meaning: 'the cluster is another one, or was put back to an older state',
    remedy: 'if that was intended, start again with a full snapshot',
  },
  etcd_snapshot_incomplete: {
    exitCode: 1,
    meaning: 'a snapshot stream is not what the member announced',
    remedy: "try again; if it happens again, look into that member's log",
  },
  etcd_corrupt: {
    exitCode: 1,
    meaning: 'etcd has raised the alarm CORRUPT',
    remedy: 'replace that member and disarm the alarm; earlier backups are left as they are',
  },

  store_not_found: { exitCode: 1, meaning: 'the store has no such object', remedy: 'see `etcdbrctl list`' },
  store_immutable: {
    exitCode: 1,
    meaning: 'the store keeps the object unchanged until a fixed time',
    remedy: 'wait for that time',
  },
  store_denied: {
    exitCode: 1,
    meaning: 'the store refuses the credentials, or they lack a right',
    remedy: '`etcdbrctl check-store` shows which right is missing',
  },
  store_transient: {
    exitCode: 1,
    meaning: 'the store does not answer, or not in time',
    remedy: 'try again; check endpoint and network',
  },
  store_quota: { exitCode: 1, meaning: 'the store is full', remedy: 'make room, or raise the quota' },
  store_gone: {
    exitCode: 1,
    meaning: 'the container, or the whole account, does not exist',
    remedy: 'create the container, or correct `--store-container` and the endpoint',
  },
  store_invalid: {
    exitCode: 1,
    meaning: 'the store does not accept the request or gives an answer that cannot be right',
    remedy: inStore,
  },
  store_outage: {
    exitCode: 1,
    meaning: 'the store has failed for longer than `--max-store-outage`',
    remedy: 'mend the store, or give it more time',
  },
  store_check_failed: {
    exitCode: 1,
    meaning: '`check-store` could not do everything that backups need',
    remedy: 'see the reason of each step',
  },
  endpoint_invalid: {
    exitCode: 1,
    meaning: 'the address of a store is not a URL that can be used',
    remedy: 'write it as https://HOST[:PORT]',
  },
  container_missing: { exitCode: 1, meaning: 'no container is given', remedy: 'give a `--store-container`' },
  credentials_absent: {
    exitCode: 1,
    meaning: 'no credentials are configured for the store',
    remedy: 'set the variables that are named',
  },
  credentials_unreadable: {
    exitCode: 1,
    meaning: 'a file with credentials cannot be read',
    remedy: 'check its path, owner and mode',
  },
  credentials_malformed: {
    exitCode: 1,
    meaning: 'a file with credentials is not the JSON that was expected',
    remedy: 'write it anew',
  },
  credentials_incomplete: { exitCode: 1, meaning: 'fields of the credentials are missing', remedy: 'add them' },
  credentials_invalid: {
    exitCode: 1,
    meaning: 'a field of the credentials cannot be right, or two exclude each other',
    remedy: 'correct the field that is named',
  },

  snapshot_corrupt: {
    exitCode: 1,
    meaning: 'a snapshot, stored or on its way from etcd, is damaged',
    remedy: 'use another copy or an older backup; `etcdbrctl verify` shows what can be restored',
  },
  snapshot_behind: {
    exitCode: 1,
    meaning: "the member's database ends before the backup does",
    remedy: 'if the cluster was put back to an older state, start again',
  },
  delta_gap: { exitCode: 1, meaning: 'an event does not continue the backup', remedy: fullNext },
  deltas_disabled: {
    exitCode: 1,
    meaning: 'a delta is asked for while deltas are turned off',
    remedy: 'give a `--delta-snapshot-period` of at least 1s',
  },
  snapshotter_ended: {
    exitCode: 1,
    meaning: 'a snapshot is asked for, but the snapshotter has ended or ends before it is stored',
    remedy: 'ask again when it runs',
  },
  spool_full: {
    exitCode: 1,
    meaning: 'events that wait for the store fill the room they may take',
    remedy: 'mend the store, or make room and raise `--delta-spool-limit`',
  },
  temp_unwritable: {
    exitCode: 1,
    meaning: 'a temporary snapshot cannot be written',
    remedy: 'make room for the whole database, or choose another `--snapstore-temp-directory`',
  },
  timeout: {
    exitCode: 1,
    meaning: 'the compacted snapshot was not saved in time',
    remedy: 'raise `--etcd-snapshot-timeout`',
  },

  no_backup: {
    exitCode: 1,
    meaning: 'the store has no full snapshot, or none from before the state that is wanted',
    remedy: `${inStore}; choose a later revision or time`,
  },
  no_such_snapshot: { exitCode: 1, meaning: 'no snapshot has that name', remedy: 'see `etcdbrctl list`' },
  backup_gap: {
    exitCode: 1,
    meaning: 'revisions are missing between two snapshots',
    remedy: 'find the missing delta, or restore the state before it with `--to-revision`',
  },
  beyond_backup: {
    exitCode: 1,
    meaning: 'the revision that is wanted is newer than the backup',
    remedy: 'give an older `--to-revision`, or none for the newest state',
  },
  no_hash: {
    exitCode: 1,
    meaning: 'the file has no hash at its end, so nothing shows that it is whole',
    remedy: 'take a db that was copied from a data directory with `--skip-hash-check`',
  },
  not_a_snapshot: { exitCode: 1, meaning: 'the file is a delta', remedy: 'give a full snapshot' },
  not_a_data_dir: {
    exitCode: 1,
    meaning: 'the directory is not that of an etcd member',
    remedy: 'give the data directory of a stopped etcd',
  },
  invalid_membership: {
    exitCode: 1,
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
    remedy: 'move it away or choose another `--data-dir`',
  },
  data_dir_locked: {
    exitCode: 1,
    meaning: 'an etcd runs on the data directory',
    remedy: 'stop it; nothing was changed',
  },
  data_dir_invalid: {
    exitCode: 1,
    meaning: 'the data directory cannot be trusted, and there is no store to restore it from',
    remedy: 'configure the store, or move the directory away to start a new member',
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
  disk_error: { exitCode: 1, meaning: 'the disk reports an error', remedy: 'check the volume' },
  file_error: {
    exitCode: 1,
    meaning: 'a file cannot be used, for another reason of the operating system',
    remedy: 'go by the message',
  },

  verify_failed: {
    exitCode: 1,
    meaning: '`verify` found something missing or damaged',
    remedy: 'take a full snapshot now; the message says up to where the backups can be restored',
  },
  prune_incomplete: {
    exitCode: 1,
    meaning: 'some objects could not be deleted',
    remedy: 'see the warnings, and run it again',
  },
  copy_incomplete: {
    exitCode: 1,
    meaning: 'some objects were not copied',
    remedy: 'run it again to copy what is missing',
  },
  companion_missing: {
    exitCode: 1,
    meaning: 'no companion is stored with the snapshot',
    remedy: 'leave `--companions` out; store some with `snapshot --once --include`',
  },
  companion_damaged: {
    exitCode: 1,
    meaning: 'a stored companion is damaged',
    remedy: 'delete it and try again with an older one',
  },
  companion_unreadable: {
    exitCode: 1,
    meaning: 'a file to include cannot be read; the full snapshot itself is stored',
    remedy: 'check `--include`',
  },
  companion_target: {
    exitCode: 1,
    meaning: 'the directory for companions is not empty',
    remedy: 'move its content away or give another `--companions`',
  },
} as const satisfies Readonly<Record<string, FailureCodeFacts>>;

/** A small fixed word for what went wrong, never free text. */
export type FailureCode = keyof typeof failureCodes;
