/** Which rights an etcd asks for when it applies a request. */
export interface RightsRules {
  /** A permission over no key at all cannot be granted. */
  readonly refusesEmptyPermissions: boolean;
  /** An administrator may use and end every lease, also with a login that is out of date. */
  readonly exemptsAdminFromLeaseKeys: boolean;
  /** Conditions and steps of nested transactions need the rights they would need alone. */
  readonly checksNestedTransactions: boolean;
  /** A put in a transaction needs the right to its lease, and to read the value it replaces if it returns that. */
  readonly checksWholePutsInTransactions: boolean;
}

/** Rules and the first release of each line that has them. */
export interface RightsEdition {
  /** Patch release by line; a line that is absent has had these or newer rules from its beginning. */
  readonly since: Readonly<Record<string, number>>;
  readonly rules: RightsRules;
}

const FIRST: RightsRules = {
  refusesEmptyPermissions: false,
  exemptsAdminFromLeaseKeys: false,
  checksNestedTransactions: false,
  checksWholePutsInTransactions: false,
};
const SECOND: RightsRules = { ...FIRST, refusesEmptyPermissions: true };
const THIRD: RightsRules = { ...SECOND, exemptsAdminFromLeaseKeys: true };
const FOURTH: RightsRules = { ...THIRD, checksNestedTransactions: true };
const FIFTH: RightsRules = { ...FOURTH, checksWholePutsInTransactions: true };

/**
 * All rules there have been since 3.4.0, newest first. Holes in the check were closed one after the other, in the same order
 * in each line, and a request that is in a log is decided by the rules of the etcd that reads the log. Nothing in a data
 * directory tells the patch release that wrote it.
 * Source: etcd, server/etcdserver/apply_auth.go and server/auth/store.go at the tags named here.
 */
export const rightsEditions: readonly [RightsEdition, ...RightsEdition[]] = [
  { since: { '3.4': 44, '3.5': 30, '3.6': 11 }, rules: FIFTH },
  { since: { '3.4': 42, '3.5': 28, '3.6': 9 }, rules: FOURTH },
  { since: { '3.4': 27, '3.5': 10, '3.6': 0 }, rules: THIRD },
  { since: { '3.4': 25, '3.5': 8 }, rules: SECOND },
  { since: { '3.4': 0, '3.5': 0 }, rules: FIRST },
];
