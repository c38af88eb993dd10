import { Int64Set } from '../../runtime/int64-set.ts';
import type { Operation } from '../raft/raft-request.ts';
import type { TxnOperation, TxnRequest } from '../raft/txn-request.ts';
import type { PutRequest } from '../raft/write-request.ts';
import { KeyIntervals } from './key-intervals.ts';
import { keyRange } from './key-range.ts';

/** The keys of the db that the requests of a log may read. A log is short and a db is large, so only these are loaded. */
export class ReadSet {
  readonly #keys = new Set<string>();
  readonly #ranges = new KeyIntervals();
  readonly #valueKeys = new Set<string>();
  readonly #valueRanges = new KeyIntervals();
  readonly #leases = new Int64Set();
  readonly #changes: 'counted' | 'wanted';

  /** `wanted`: the changes are needed, with create revision and version. `counted`: only their number. */
  constructor(changes: 'counted' | 'wanted') {
    this.#changes = changes;
  }

  /** True when no key of the db matters. */
  get isEmpty(): boolean {
    return this.#keys.size === 0 && this.#ranges.isEmpty && this.#leases.size === 0;
  }

  hasKey(key: string): boolean {
    return this.#keys.has(key) || this.#ranges.has(key);
  }

  hasLease(lease: bigint): boolean {
    return this.#leases.has(lease);
  }

  /** Whether the value of a key may be read. */
  hasValue(key: string): boolean {
    return this.#valueKeys.has(key) || this.#valueRanges.has(key);
  }

  add(operation: Operation): void {
    switch (operation.kind) {
      case 'put':
        this.#addPut(operation.put);
        return;
      case 'deleteRange':
        this.#addRange(operation.deleteRange.key, operation.deleteRange.rangeEnd);
        return;
      case 'txn':
        this.#addTxn(operation.txn);
        return;
      case 'leaseRevoke':
        this.#leases.add(operation.id);
        return;
      case 'compaction':
      case 'leaseGrant':
      case 'alarm':
      case 'auth':
      case 'nothing':
        return;
      default:
        operation satisfies never;
    }
  }

  #addTxn(txn: TxnRequest): void {
    for (const { key, rangeEnd, target } of txn.compares) {
      this.#addRange(key, rangeEnd);
      if (target === 'value') {
        this.#addValue(key, rangeEnd);
      }
    }
    for (const operation of [...txn.success, ...txn.failure]) {
      this.#addStep(operation);
    }
  }

  #addStep(operation: TxnOperation): void {
    if (operation.kind === 'put') this.#addPut(operation.put);
    else if (operation.kind === 'deleteRange')
      this.#addRange(operation.deleteRange.key, operation.deleteRange.rangeEnd);
    else if (operation.kind === 'txn') this.#addTxn(operation.txn);
  }

  #addPut(put: PutRequest): void {
    // The rights that the put needs depend on the keys of the lease.
    if (put.lease !== 0n) {
      this.#leases.add(put.lease);
    }
    if (this.#changes === 'wanted' || put.ignoreValue || put.ignoreLease) {
      this.#addRange(put.key, '');
    }
    if (put.ignoreValue) {
      this.#addValue(put.key, '');
    }
  }

  #addRange(key: string, rangeEnd: string): void {
    if (rangeEnd === '') {
      this.#keys.add(key);
    } else {
      this.#ranges.add(keyRange(key, rangeEnd));
    }
  }

  #addValue(key: string, rangeEnd: string): void {
    if (rangeEnd === '') {
      this.#valueKeys.add(key);
    } else {
      this.#valueRanges.add(keyRange(key, rangeEnd));
    }
  }
}
