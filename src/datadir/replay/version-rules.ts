/** What an etcd looks at before it applies a request that it finds in its log. */
export interface VersionRules {
  /** A permission over no key at all cannot be granted. */
  readonly refusesEmptyPermissions: boolean;
  /** An administrator may use and end every lease, also with a login that is out of date. */
  readonly exemptsAdminFromLeaseKeys: boolean;
  /** Conditions and steps of nested transactions need the rights they would need alone. */
  readonly checksNestedTransactions: boolean;
  /** A put in a transaction needs the right to its lease, and to read the value it replaces if it returns that. */
  readonly checksWholePutsInTransactions: boolean;
  /**
   * Reads on the outermost level of a transaction need their rights and a revision that is there. Before, they were struck:
   * nobody waits for an answer to a request from the log. So a transaction that was refused when it was made, for a read,
   * is applied after a restart.
   */
  readonly checksIdleReads: boolean;
}

/** Rules and the first release of each line that has them. */
export interface VersionRulesName {
  /** Patch release by line; a line that is absent has never had these rules, or has had newer ones from its beginning. */
  readonly since: Readonly<Record<string, number>>;
  readonly rules: VersionRules;
}

const FIRST: VersionRules = {
  refusesEmptyPermissions: false,
  exemptsAdminFromLeaseKeys: false,
  checksNestedTransactions: false,
  checksWholePutsInTransactions: false,
  checksIdleReads: false,
};
const SECOND: VersionRules = { ...FIRST, refusesEmptyPermissions: true };
const THIRD: VersionRules = { ...SECOND, exemptsAdminFromLeaseKeys: true };
const FOURTH: VersionRules = { ...THIRD, checksNestedTransactions: true };
const FIFTH: VersionRules = { ...FOURTH, checksWholePutsInTransactions: true };
const SIXTH: VersionRules = { ...FIFTH, checksIdleReads: true };

/**
 * All rules there have been since 3.4.0, newest first. Holes in the check were closed one after the other, in the same order
 * in each line, and a request that is in a log is decided by the rules of the etcd that reads the log. Nothing in a data
 * directory tells the patch release that wrote it.
 * Source: etcd, server/etcdserver/apply_auth.go, server/auth/store.go and removeNeedlessRangeReqs in
 * server/etcdserver/server.go at the tags named here; server/etcdserver/txn/txn.go at v3.7.0.
 */
export const applyEditions: readonly [VersionRulesName, ...VersionRulesName[]] = [
  { since: { '3.7': 0 }, rules: SIXTH },
  { since: { '3.4': 44, '3.5': 30, '3.6': 11 }, rules: FIFTH },
  { since: { '3.4': 42, '3.5': 28, '3.6': 9 }, rules: FOURTH },
  { since: { '3.4': 27, '3.5': 10, '3.6': 0 }, rules: THIRD },
  { since: { '3.4': 25, '3.5': 8 }, rules: SECOND },
  { since: { '3.4': 0, '3.5': 0 }, rules: FIRST },
];
