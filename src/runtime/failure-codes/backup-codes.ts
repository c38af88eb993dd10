import { checkStorePlace, type FailureCodeTable, takeFull } from './failure-code-facts.ts';

/** Codes of backups: of taking, checking, copying and restoring them. */
export const backupCodes = {
  snapshot_corrupt: {
    exitCode: 1,
    meaning: 'a snapshot, stored or on its way from etcd, is damaged',
    remedy: 'use another copy or an older backup; `etcdbrctl verify` shows what can be restored',
  },
  snapshot_behind: {
    exitCode: 1,
    meaning: "the member's database ends before the backup does, or lacks what the cluster has accepted",
    remedy: 'look at the members; if the cluster was put back to an older state, start again',
  },
  delta_gap: { exitCode: 1, meaning: 'an event does not continue the backup', remedy: takeFull },
  deltas_disabled: {
    exitCode: 1,
    meaning: 'a delta is asked for while deltas are turned off',
    remedy: 'give a `--delta-snapshot-period` of at least 1s',
  },
  delta_incomplete: {
    exitCode: 1,
    meaning:
      'etcd has not sent in time all changes that a delta that is asked for has to hold; what it has sent is stored',
    remedy: 'ask again; where it goes on, look at the health of etcd',
  },
  snapshotter_ended: {
    exitCode: 1,
    meaning: 'a snapshot is asked for, but the snapshotter has ended or ends before it is stored',
    remedy: 'ask again when it runs',
  },
  lead_lost: {
    exitCode: 1,
    meaning: 'the etcd member of a sidecar is not known to lead any more; its snapshot was not published',
    remedy: 'nothing; the sidecar of the leader goes on',
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
    remedy: `${checkStorePlace}; choose a later revision or time`,
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
  revision_compacted: {
    exitCode: 1,
    meaning: 'the revision that is wanted was removed by a compaction',
    remedy: 'give a later `--revision`, or look into an older backup',
  },
  no_such_key: {
    exitCode: 1,
    meaning: 'the key does not exist in the state that is read',
    remedy: 'see `etcdbrctl ls` and `etcdbrctl history`',
  },
  export_damaged: {
    exitCode: 1,
    meaning: 'an export is cut short, was changed, or is none',
    remedy: 'export again; nothing was written',
  },
  export_exists: {
    exitCode: 1,
    meaning: 'the path that an export is to be written to exists',
    remedy: 'remove it or give another one',
  },
  export_incomplete: {
    exitCode: 1,
    meaning: 'some keys could not be turned into manifests',
    remedy: 'export them without `--kubernetes`',
  },
  apply_conflict: {
    exitCode: 1,
    meaning: 'a key of the cluster has another value than the one to be written, or an object would be deleted again',
    remedy:
      'see `etcdbrctl diff`; `--unchanged-since` replaces what was not changed since, `--keep-going` leaves such keys alone',
  },
  apply_other_cluster: {
    exitCode: 1,
    meaning: 'keys of one cluster would be written to another',
    remedy: 'check `--endpoints`; give `--other-cluster` where it is meant, as for a cluster that was restored',
  },
  history_fork: {
    exitCode: 1,
    meaning: 'the store holds two histories of a cluster that no marker separates',
    remedy: 'choose one with `--snapshot`; docs/histories.md explains it',
  },
  history_taken_over: {
    exitCode: 1,
    meaning: 'another writer has begun a new history in the store while this one backed up',
    remedy: 'give each cluster a `--store-prefix` of its own',
  },
  no_such_history: {
    exitCode: 1,
    meaning: 'the store holds no history of that number',
    remedy: 'see `etcdbrctl list`',
  },
  no_identity: {
    exitCode: 1,
    meaning: 'an object is encrypted, and no secret key that was given opens it',
    remedy: 'give the secret key of one of its recipients with `--identity`',
  },
  no_recipient: {
    exitCode: 1,
    meaning: 'what was encrypted would be stored for everyone to read',
    remedy: 'give its recipients with `--encrypt-to`',
  },
  no_hash: {
    exitCode: 1,
    meaning: 'the file has no hash at its end, so nothing shows that it is whole',
    remedy: 'take a db that was copied from a data directory with `--skip-hash-check`',
  },
  not_a_snapshot: {
    exitCode: 1,
    meaning: 'the file is a delta, or something else altogether, such as an archive or a page of HTML',
    remedy: 'unpack it, or give a full snapshot',
  },
  verify_untried: {
    exitCode: 1,
    meaning: 'whether the backup can be restored was not found out',
    remedy: 'run `etcdbrctl verify --level restore` with the flags of the store',
  },
  verify_failed: {
    exitCode: 1,
    meaning: '`verify` found something missing or damaged',
    remedy: 'take a full snapshot now; the message says up to where the backups can be restored',
  },
  fleet_unsound: {
    exitCode: 1,
    meaning: 'backups of some clusters of a fleet are damaged, broken, too old or not verified',
    remedy: 'see the report; `etcdbrctl verify --store-prefix` looks at one cluster',
  },
  fleet_incomplete: {
    exitCode: 1,
    meaning: 'not all of a fleet could be looked at, or a share of its verification wrote no result',
    remedy: 'run the shards that are missing again, or take a part with `--prefix-glob`',
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
    remedy: 'restore without `--companions`, or an older full with its companion (`--snapshot`)',
  },
  companion_unreadable: {
    exitCode: 1,
    meaning: 'a file to include cannot be read; this is looked at before anything is stored',
    remedy: 'check `--include`',
  },
  companion_target: {
    exitCode: 1,
    meaning: 'the directory for companions is not empty',
    remedy: 'move its content away or give another `--companions`',
  },
} as const satisfies FailureCodeTable;
