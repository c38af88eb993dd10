/** An answer to one question of the comparison, and what shows that it is true. */
export interface Cell {
  /** Few words; `no` and `yes` where they do. */
  readonly answer: string;
  /** A test of this project, from its root; or a file of another, as `owner/repository: path`; or a page on the web. */
  readonly shownBy: string;
}

/** The tools that are compared, by their column. */
export const tools = {
  ours: 'etcdbrctl',
  go: 'etcd-backup-restore (Go)',
  etcd: 'etcdctl, etcdutl',
  k3s: 'k3s, RKE2 etcd-snapshot',
  openshift: 'OpenShift cluster-backup.sh',
  etcdbk: 'etcdbk',
  pgbackrest: 'pgBackRest (for PostgreSQL)',
} as const;

/** A column of the comparison. */
export type Tool = keyof typeof tools;

const gardener = 'gardener/etcd-backup-restore';
const etcdutl = 'etcd-io/etcd: etcdutl/README.md';
const k3s = 'k3s-io/k3s: pkg/etcd/snapshot.go';
const k3sBackup = 'https://docs.k3s.io/datastore/backup-restore';
const k3sDocs = 'https://docs.k3s.io/cli/etcd-snapshot';
const backupScript = 'openshift/cluster-etcd-operator: bindata/etcd/cluster-backup.sh';
const restoreScript = 'openshift/cluster-etcd-operator: bindata/etcd/cluster-restore.sh';
const etcdbk = 'chengkuangan/etcdbk: run-backup.sh';
const pgbackrest = 'pgbackrest/pgbackrest: doc/xml/index.xml';
const pgReference = 'pgbackrest/pgbackrest: doc/xml/reference.xml';
const cell = (answer: string, shownBy: string): Cell => ({ answer, shownBy });

/** The questions, each with the answer of every tool. What a file has no trace of is shown by that file, too. */
export const comparison: readonly {
  readonly question: string;
  readonly cells: Readonly<Record<Tool, Cell>>;
}[] = [
  {
    question: 'All is lost: what is gone?',
    cells: {
      ours: cell('the last 20 s', 'test/cluster/scenarios/all-disks-lost.ts'),
      go: cell('the last 20 s', `${gardener}: docs/deployment/getting_started.md`),
      etcd: cell('since the last run', etcdutl),
      k3s: cell('since the last run (12 h)', k3sDocs),
      openshift: cell('since the last run', backupScript),
      etcdbk: cell('since the last run', etcdbk),
      pgbackrest: cell('the last WAL segment', pgbackrest),
    },
  },
  {
    question: 'Any moment restored?',
    cells: {
      ours: cell('yes', 'test/integration/operations/restore/every-moment.test.ts'),
      go: cell('the newest', `${gardener}: pkg/types/restorer.go`),
      etcd: cell('that of a file', etcdutl),
      k3s: cell('that of a file', k3sDocs),
      openshift: cell('that of a file', restoreScript),
      etcdbk: cell('that of a file', etcdbk),
      pgbackrest: cell('yes', pgReference),
    },
  },
  {
    question: 'A restore needs',
    cells: {
      ours: cell('only the store', 'test/integration/backup-and-restore.test.ts'),
      go: cell('the store; starts an etcd for deltas', `${gardener}: docs/proposals/restoration.md`),
      etcd: cell('the file', etcdutl),
      k3s: cell('k3s itself', k3sDocs),
      openshift: cell('a node with etcd pods', restoreScript),
      etcdbk: cell('etcdctl by hand', etcdbk),
      pgbackrest: cell('only the repository', pgbackrest),
    },
  },
  {
    question: 'Proof that it can be restored',
    cells: {
      ours: cell('`verify`, daily in the sidecar', 'test/cli/verify.test.ts'),
      go: cell('no', `${gardener}: cmd/root.go`),
      etcd: cell('hash of the file', etcdutl),
      k3s: cell('no', k3sDocs),
      openshift: cell('no', backupScript),
      etcdbk: cell('no', etcdbk),
      pgbackrest: cell('`verify`', pgbackrest),
    },
  },
  {
    question: 'One key back, without a restore',
    cells: {
      ours: cell('`undelete`, `get`, `diff`', 'test/integration/operations/apply/undelete.test.ts'),
      go: cell('no', `${gardener}: cmd/root.go`),
      etcd: cell('no', etcdutl),
      k3s: cell('no', k3sDocs),
      openshift: cell('no', restoreScript),
      etcdbk: cell('no', etcdbk),
      pgbackrest: cell('one database', pgReference),
    },
  },
  {
    question: 'Stores',
    cells: {
      ours: cell('8', 'test/conformance/s3-bucket.test.ts'),
      go: cell('8', `${gardener}: docs/deployment/getting_started.md`),
      etcd: cell('a file', etcdutl),
      k3s: cell('a directory, S3', k3sDocs),
      openshift: cell('a directory', backupScript),
      etcdbk: cell('a volume', etcdbk),
      pgbackrest: cell('a directory, S3, Azure, GCS', pgbackrest),
    },
  },
  {
    question: 'Encrypted before the store',
    cells: {
      ours: cell('`--encrypt-to` (age)', 'test/cli/encryption.test.ts'),
      go: cell('no; by S3 with a key of yours', `${gardener}: docs/usage/snapshot_encryption.md`),
      etcd: cell('no', etcdutl),
      k3s: cell('no', k3sDocs),
      openshift: cell('no', backupScript),
      etcdbk: cell('no', etcdbk),
      pgbackrest: cell('yes', pgbackrest),
    },
  },
  {
    question: 'Certificates and manifests',
    cells: {
      ours: cell('`--include`', 'test/cli/companions.test.ts'),
      go: cell('no', `${gardener}: cmd/options.go`),
      etcd: cell('no', etcdutl),
      k3s: cell('authorities, in the database', k3sBackup),
      openshift: cell('yes', backupScript),
      etcdbk: cell('certificates', etcdbk),
      pgbackrest: cell('the whole directory', pgbackrest),
    },
  },
  {
    question: 'What is deleted, and why',
    cells: {
      ours: cell('by age or number, never the last good one', 'test/cli/prune.test.ts'),
      go: cell('by age or number', `${gardener}: docs/usage/garbage_collection.md`),
      etcd: cell('nothing', etcdutl),
      k3s: cell('by number', k3s),
      openshift: cell('nothing', backupScript),
      etcdbk: cell('by number', etcdbk),
      pgbackrest: cell('by age or number', pgbackrest),
    },
  },
];

/** What README.md shows of it: questions and tools that fit on a screen. */
export const inReadme = {
  questions: 5,
  tools: ['ours', 'go', 'etcd', 'k3s', 'openshift', 'etcdbk', 'pgbackrest'],
} as const satisfies {
  readonly questions: number;
  readonly tools: readonly Tool[];
};
