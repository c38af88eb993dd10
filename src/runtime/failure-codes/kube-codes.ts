import type { FailureCodeTable } from './failure-code-facts.ts';

/** Codes of what was asked of Kubernetes. */
export const kubeCodes = {
  kube_unreachable: {
    exitCode: 1,
    meaning: 'the Kubernetes API server does not answer',
    remedy: 'check the network and the API server; backups go on without leases',
  },
  kube_credentials: {
    exitCode: 1,
    meaning: 'there is no account for Kubernetes, or it cannot be used',
    remedy: 'run in a pod with a service account, or set `KUBECONFIG`',
  },
  kube_denied: {
    exitCode: 1,
    meaning: 'the account may not read or write the lease',
    remedy: 'let it get and patch leases in its namespace',
  },
  kube_conflict: {
    exitCode: 1,
    meaning: 'others have written the lease at each try',
    remedy: 'look for a second writer of the lease',
  },
  kube_answer: {
    exitCode: 1,
    meaning: 'the answer is not that of a Kubernetes API server',
    remedy: 'check `KUBECONFIG`, or the API server',
  },
  lease_missing: {
    exitCode: 1,
    meaning: 'the lease does not exist; leases are never created here',
    remedy: 'create it, or let etcd-druid create it',
  },
  lease_holder: {
    exitCode: 1,
    meaning: 'the holder of a lease of snapshots is no revision',
    remedy: 'check that nothing else uses the lease',
  },
} as const satisfies FailureCodeTable;
