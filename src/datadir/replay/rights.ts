import type { Requester } from '../raft/raft-request.ts';
import type { TxnOperation, TxnRequest } from '../raft/txn-request.ts';
import type { DeleteRangeRequest, PutRequest } from '../raft/write-request.ts';
import type { StoreState } from './store-state.ts';

// The rights that a request needs when it is applied. Source: etcd, server/etcdserver/apply_auth.go.

/** A put outside of a transaction. */
export function mayPut(state: StoreState, requester: Requester, put: PutRequest): boolean {
  return (
    state.auth.mayWrite(requester, put.key, '') &&
    mayUseLease(state, requester, put.lease) &&
    (!put.prevKv || state.auth.mayRead(requester, put.key, ''))
  );
}

/** A delete, inside or outside of a transaction. */
export function mayDelete(
  state: StoreState,
  requester: Requester,
  { key, rangeEnd, prevKv }: DeleteRangeRequest,
): boolean {
  return state.auth.mayWrite(requester, key, rangeEnd) && (!prevKv || state.auth.mayRead(requester, key, rangeEnd));
}

/** A transaction: its conditions and both branches, whichever is taken. */
export function mayTransact(state: StoreState, requester: Requester, txn: TxnRequest): boolean {
  return (
    txn.compares.every(({ key, rangeEnd }) => state.auth.mayRead(requester, key, rangeEnd)) &&
    [...txn.success, ...txn.failure].every((operation) => mayOperate(state, requester, operation))
  );
}

/** A lease deletes its keys when it ends, so revoking it or attaching a key to it needs the right to write all of them. */
export function mayUseLease(state: StoreState, requester: Requester, lease: bigint): boolean {
  return (
    (state.rules.exemptsAdminFromLeaseKeys && state.auth.isAdmin(requester)) ||
    state.leases.keys(lease).every((key) => state.auth.mayWrite(requester, key, ''))
  );
}

function mayOperate(state: StoreState, requester: Requester, operation: TxnOperation): boolean {
  switch (operation.kind) {
    case 'range':
      return state.auth.mayRead(requester, operation.range.key, operation.range.rangeEnd);
    case 'put':
      return state.rules.checksWholePutsInTransactions
        ? mayPut(state, requester, operation.put)
        : state.auth.mayWrite(requester, operation.put.key, '');
    case 'deleteRange':
      return mayDelete(state, requester, operation.deleteRange);
    case 'txn':
      return !state.rules.checksNestedTransactions || mayTransact(state, requester, operation.txn);
    case 'nothing':
      return true;
    default:
      return operation satisfies never;
  }
}
