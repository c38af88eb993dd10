import type { TxnOperation, TxnRequest } from '../raft/txn-request.ts';
import type { PutRequest } from '../raft/write-request.ts';
import { holds } from './compare.ts';
import { keyRange } from './key-range.ts';
import type { StoreState } from './store-state.ts';
import { type ChangeSink, Transaction } from './transaction.ts';

// Transactions as etcd applies them: first all conditions are evaluated on the state before, those of nested transactions too.
// Then the steps that will run are checked, then they run. Source: etcd, server/etcdserver/apply.go, Txn.

/** A step that will run; a nested transaction was replaced by the steps of the branch it takes. */
type Step = Exclude<TxnOperation, { readonly kind: 'txn' }>;

/** Applies a transaction; one that etcd refuses changes nothing. */
export function applyTxn(state: StoreState, txn: TxnRequest, sink: ChangeSink): void {
  const request = asLogged(state, txn);
  const steps = stepsToRun(state, request);
  if (isReadOnly(request) || !steps.every((step) => isSound(state, step))) {
    return;
  }
  const transaction = new Transaction(state, sink);
  for (const step of steps) {
    if (step.kind === 'put') {
      applyPut(state, step.put, transaction);
    } else if (step.kind === 'deleteRange') {
      transaction.deleteRange(keyRange(step.deleteRange.key, step.deleteRange.rangeEnd));
    }
  }
  transaction.end();
}

/** Writes a key inside a transaction. A value or lease that the request keeps must exist: see {@link isPossible}. */
export function applyPut(state: StoreState, put: PutRequest, transaction: Transaction): void {
  const before = state.keys.get(put.key);
  const value = put.ignoreValue ? (before?.value ?? new Uint8Array()) : put.value;
  const lease = put.ignoreLease ? (before?.lease ?? 0n) : put.lease;
  transaction.put(put.key, value, lease);
}

/** Whether a put can be applied: its lease exists, and so does the key when its value or lease is kept. */
export function isPossible(state: StoreState, put: PutRequest): boolean {
  if ((put.ignoreValue || put.ignoreLease) && state.keys.get(put.key) === undefined) {
    return false;
  }
  return put.lease === 0n || state.leases.has(put.lease);
}

/** True when a branch, or one of a nested transaction, puts something. */
export function hasPut(txn: TxnRequest): boolean {
  return [...txn.success, ...txn.failure].some(
    (operation) => operation.kind === 'put' || (operation.kind === 'txn' && hasPut(operation.txn)),
  );
}

/** The transaction as an etcd applies it from its log: up to 3.6 without the reads at its outermost level. */
export function asLogged(state: StoreState, txn: TxnRequest): TxnRequest {
  if (state.rules.checksTopLevelReads) {
    return txn;
  }
  const needed = (operation: TxnOperation): boolean => operation.kind !== 'range';
  return { ...txn, success: txn.success.filter(needed), failure: txn.failure.filter(needed) };
}

function isReadOnly(txn: TxnRequest): boolean {
  return [...txn.success, ...txn.failure].every((operation) => operation.kind === 'range');
}

function stepsToRun(state: StoreState, txn: TxnRequest): readonly Step[] {
  const taken = txn.compares.every((compare) => holds(state.keys, compare)) ? txn.success : txn.failure;
  return taken.flatMap((operation) => (operation.kind === 'txn' ? stepsToRun(state, operation.txn) : [operation]));
}

function isSound(state: StoreState, step: Step): boolean {
  switch (step.kind) {
    case 'put':
      return isPossible(state, step.put);
    case 'range': {
      const { revision } = step.range;
      return revision === 0n || (revision <= BigInt(state.revision) && revision >= BigInt(state.compactRevision));
    }
    case 'deleteRange':
    case 'nothing':
      return true;
    default:
      return step satisfies never;
  }
}
