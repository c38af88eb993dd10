import { type FailureCodeTable, takeFull } from './failure-code-facts.ts';

/** Codes of what was asked of etcd. */
export const etcdCodes = {
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
    remedy:
      'give `--etcd-username` and `--etcd-password` of a user that has the role root; `apply` and `undelete` need rights to the keys',
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
  etcd_no_space: {
    exitCode: 1,
    meaning: 'the database of etcd has reached its quota, so it takes no writes',
    remedy: 'compact and defragment it, or raise `--quota-backend-bytes`; then `etcdctl alarm disarm`',
  },
  etcd_request_too_large: {
    exitCode: 1,
    meaning: 'a key with its value is larger than the requests that etcd takes',
    remedy: 'raise `--max-request-bytes` of etcd',
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
    remedy: takeFull,
  },
  etcd_transaction_too_large: {
    exitCode: 1,
    meaning: 'one transaction has more changes than are kept in memory',
    remedy: 'none: a full snapshot takes their place',
  },
  etcd_history_gap: { exitCode: 1, meaning: 'a watch skipped or repeated a revision', remedy: takeFull },
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
  wrapper_unreachable: {
    exitCode: 1,
    meaning: 'etcd-wrapper could not be asked to start etcd again',
    remedy: 'check `--etcd-wrapper-port`; etcd listens at its new peer URLs after a restart',
  },
} as const satisfies FailureCodeTable;
