/** What an etcd checks before it applies a request from its log; it depends on the etcd version. */
export interface VersionRules {
  /** A permission for no key at all cannot be granted. */
  readonly refusesEmptyPermissions: boolean;
  /** An administrator may use and revoke every lease, even with an outdated login. */
  readonly exemptsAdminFromLeaseKeys: boolean;
  /** Conditions and operations of nested transactions need the same rights as outside of one. */
  readonly checksNestedTransactions: boolean;
  /** A put in a transaction needs the rights for the keys of its lease, and to read the value that it returns. */
  readonly checksWholePutsInTransactions: boolean;
  /**
   * Reads at the outermost level of a transaction need the right and an existing revision. Older versions drop these reads
   * when a request comes from the log, as nobody waits for the answer. So a transaction that was refused for such a read is
   * applied after a restart.
   */
  readonly checksTopLevelReads: boolean;
}

/** Rules, and since which etcd version they hold. */
export interface VersionRulesSince {
  /** Patch version by minor version, such as `'3.5': 8`. A minor version that is absent never had exactly these rules. */
  readonly since: Readonly<Record<string, number>>;
  readonly rules: VersionRules;
}

const FIRST: VersionRules = {
  refusesEmptyPermissions: false,
  exemptsAdminFromLeaseKeys: false,
  checksNestedTransactions: false,
  checksWholePutsInTransactions: false,
  checksTopLevelReads: false,
};
const SECOND: VersionRules = { ...FIRST, refusesEmptyPermissions: true };
const THIRD: VersionRules = { ...SECOND, exemptsAdminFromLeaseKeys: true };
const FOURTH: VersionRules = { ...THIRD, checksNestedTransactions: true };
const FIFTH: VersionRules = { ...FOURTH, checksWholePutsInTransactions: true };
const SIXTH: VersionRules = { ...FIFTH, checksTopLevelReads: true };

/**
 * All rules since etcd 3.4.0, newest first. Each minor version gained them in the same order. The rules of the etcd that reads
 * the log decide, not those of the etcd that wrote it; no file of a data directory names the patch version.
 * Source: etcd, server/etcdserver/apply_auth.go, server/auth/store.go and removeNeedlessRangeReqs in
 * server/etcdserver/server.go at the tags named here; server/etcdserver/txn/txn.go at v3.7.0.
 */
export const allVersionRules: readonly [VersionRulesSince, ...VersionRulesSince[]] = [
  { since: { '3.7': 0 }, rules: SIXTH },
  { since: { '3.4': 44, '3.5': 30, '3.6': 11 }, rules: FIFTH },
  { since: { '3.4': 42, '3.5': 28, '3.6': 9 }, rules: FOURTH },
  { since: { '3.4': 27, '3.5': 10, '3.6': 0 }, rules: THIRD },
  { since: { '3.4': 25, '3.5': 8 }, rules: SECOND },
  { since: { '3.4': 0, '3.5': 0 }, rules: FIRST },
];
