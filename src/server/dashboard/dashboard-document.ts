/** What the dashboard shows of our member and its cluster. Times are RFC 3339, sizes bytes; null is "not known". */
export interface DashboardState {
  readonly version: string;
  readonly member: {
    readonly id: string | null;
    readonly role: 'leader' | 'follower' | 'learner' | 'unknown';
    /** Where the sidecar is in its life, in the words of docs/server.md. */
    readonly phase: string;
    readonly isHealthy: boolean;
    readonly etcdVersion: string | null;
    readonly databaseBytes: number | null;
    readonly revision: number | null;
  };
  readonly peers: { readonly list: readonly DashboardPeer[]; readonly problem: string | null };
  readonly backup: {
    readonly estimatedRestoreSeconds: number | null;
    readonly storeOutageSeconds: number;
    readonly proof: {
      readonly at: string;
      readonly outcome: string;
      readonly provableRevision: number | null;
      readonly problems: readonly string[];
    } | null;
    /** Why nothing can be proved, and what to do. */
    readonly unprovable: string | null;
    readonly secondary: { readonly upTo: string | null; readonly outcome: string } | null;
    readonly nextRuns: {
      readonly full: string | null;
      readonly defragmentation: string | null;
      readonly verification: string | null;
    };
  };
  /** Newest first. */
  readonly errors: readonly {
    readonly at: string;
    readonly code: string;
    readonly meaning: string;
    readonly remedy: string;
  }[];
  /** Proofs since the process began, oldest first. */
  readonly proofs: readonly { readonly at: string; readonly outcome: string; readonly revision: number | null }[];
}

/** One member of the cluster. */
export interface DashboardPeer {
  readonly id: string;
  readonly name: string | null;
  readonly isOwn: boolean;
  readonly isLeader: boolean;
  readonly isLearner: boolean;
  /** Of its sidecar: `healthy` leads and has reached etcd, which only the leader's does. */
  readonly sidecar: 'healthy' | 'answers' | 'unreachable' | 'unknown';
}

/** What the dashboard shows of the store. */
export interface DashboardStore {
  readonly location: string | null;
  readonly listedAt: string | null;
  /** Why the newest listing failed; what is shown is from the one before then. */
  readonly problem: string | null;
  /** Of all snapshots, those that are not shown included. */
  readonly totals: {
    readonly fulls: number;
    readonly deltas: number;
    readonly fullBytes: number;
    readonly deltaBytes: number;
    /** Snapshots that are not shown: older deltas, and fulls where there are very many. */
    readonly hidden: number;
  };
  /** What a restore reaches, as of the listing. Times in seconds since the epoch. */
  readonly recovery: {
    /** The newest state; null when there is none. */
    readonly reach: { readonly at: number; readonly revision: number } | null;
    /** The greatest age of that state in equal parts of the `seconds` before `endsAt`, oldest first, seconds; null before the first one. */
    readonly endsAt: number;
    readonly seconds: number;
    readonly ages: readonly (number | null)[];
  };
  /** Deltas that hold revisions of other ones, too, so that another snapshotter has written them. */
  readonly rivals: { readonly deltas: number; readonly newest: { readonly name: string; readonly at: number } | null };
  /** Forks of the history that no marker separates: a restore refuses them. */
  readonly forks: number;
  /** By time, oldest first: the newest fulls, and the newest deltas. */
  readonly snapshots: readonly DashboardSnapshot[];
  /** Revisions that no snapshot holds although later ones are there. */
  readonly gaps: readonly { readonly from: number; readonly to: number; readonly at: string | null }[];
  readonly retention: {
    readonly policy: string;
    /** `now`: with the next pass; `next full`: when one more full is in the store. */
    readonly when: 'now' | 'next full';
    readonly deletions: readonly { readonly name: string; readonly reason: string; readonly bytes: number }[];
    /** Deletions that are not shown. */
    readonly more: number;
  } | null;
}

/** One snapshot. */
export interface DashboardSnapshot {
  readonly name: string;
  readonly kind: 'Full' | 'Incr';
  /** Seconds since the epoch. */
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}
