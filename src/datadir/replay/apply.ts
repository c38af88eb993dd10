import type { AlarmKind, Operation, RaftRequest } from '../raft/raft-request.ts';
import { applyPut, applyTxn, asLogged, hasPut, isPossible } from './apply-txn.ts';
import { keyRange } from './key-range.ts';
import { mayDelete, mayPut, mayTransact, mayUseLease } from './rights.ts';
import type { StoreState } from './store-state.ts';
import { type ChangeSink, Transaction } from './transaction.ts';

/**
 * Applies one request of the log to the state as an etcd does after a restart. A refused request changes nothing. Each change
 * of a key goes to `sink`. Source: etcd, server/etcdserver/{apply,apply_auth}.go.
 */
export function applyRequest(state: StoreState, request: RaftRequest, sink: ChangeSink): void {
  const { operation } = request;
  if (!isRefused(operation, state.alarms.refuses) && isAllowed(state, request)) {
    applyOperation(state, operation, sink);
  }
}

function isRefused(operation: Operation, alarm: AlarmKind | undefined): boolean {
  switch (operation.kind) {
    case 'put':
    case 'leaseGrant':
      return alarm !== undefined;
    case 'txn':
      return alarm === 'corrupt' || (alarm === 'nospace' && hasPut(operation.txn));
    case 'deleteRange':
    case 'compaction':
    case 'leaseRevoke':
      return alarm === 'corrupt';
    case 'alarm':
    case 'auth':
    case 'nothing':
      return false;
    default:
      return operation satisfies never;
  }
}

function isAllowed(state: StoreState, { operation, requester }: RaftRequest): boolean {
  if (!state.alarms.checksRights) {
    return true;
  }
  switch (operation.kind) {
    case 'put':
      return mayPut(state, requester, operation.put);
    case 'deleteRange':
      return mayDelete(state, requester, operation.deleteRange);
    case 'txn':
      return mayTransact(state, requester, asLogged(state, operation.txn));
    case 'leaseRevoke':
      return mayUseLease(state, requester, operation.id);
    case 'auth':
      return state.auth.isAdmin(requester);
    case 'compaction':
    case 'leaseGrant':
    case 'alarm':
    case 'nothing':
      return true;
    default:
      return operation satisfies never;
  }
}

function applyOperation(state: StoreState, operation: Operation, sink: ChangeSink): void {
  switch (operation.kind) {
    case 'put':
      if (isPossible(state, operation.put)) {
        inTransaction(state, sink, (transaction) => applyPut(state, operation.put, transaction));
      }
      return;
    case 'deleteRange': {
      const { key, rangeEnd } = operation.deleteRange;
      inTransaction(state, sink, (transaction) => transaction.deleteRange(keyRange(key, rangeEnd)));
      return;
    }
    case 'txn':
      applyTxn(state, operation.txn, sink);
      return;
    case 'compaction':
      compact(state, operation.revision);
      return;
    case 'leaseGrant':
      state.leases.grant(operation.id, operation.ttl);
      return;
    case 'leaseRevoke':
      inTransaction(state, sink, (transaction) => {
        for (const key of state.leases.keys(operation.id)) {
          transaction.deleteRange(keyRange(key, ''));
        }
      });
      state.leases.revoke(operation.id);
      return;
    case 'alarm':
      if (operation.action === 'raise') {
        state.alarms.raise(operation.alarm, operation.memberId);
      } else {
        state.alarms.clear(operation.alarm, operation.memberId);
      }
      return;
    case 'auth':
      state.auth.apply(operation.auth, state.rules);
      return;
    case 'nothing':
      return;
    default:
      operation satisfies never;
  }
}

function inTransaction(state: StoreState, sink: ChangeSink, run: (transaction: Transaction) => void): void {
  const transaction = new Transaction(state, sink);
  run(transaction);
  transaction.end();
}

function compact(state: StoreState, revision: bigint): void {
  if (revision > BigInt(state.compactRevision) && revision <= BigInt(state.revision)) {
    state.compactRevision = Number(revision);
  }
}
