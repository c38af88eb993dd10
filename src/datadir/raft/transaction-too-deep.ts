/**
 * How deep transactions may be nested. etcd takes 128 levels from clients unless `--max-txn-ops` is raised; what is deeper was
 * not written by an etcd and would only use up the stack.
 */
export const DEEPEST_TRANSACTION = 1_000;

/** A transaction is nested deeper than {@link DEEPEST_TRANSACTION}. */
export class TransactionTooDeep extends Error {
  constructor() {
    super(`a transaction is nested more than ${DEEPEST_TRANSACTION} levels deep`);
    this.name = 'TransactionTooDeep';
  }
}
