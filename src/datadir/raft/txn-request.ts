import { ProtobufReader } from '../../protobuf/reader.ts';
import { byteString } from './byte-string.ts';
import { DEEPEST_TRANSACTION, TransactionTooDeep } from './transaction-too-deep.ts';
import { type DeleteRangeRequest, decodeDeleteRange, decodePut, type PutRequest } from './write-request.ts';

/** What a comparison looks at. */
export type CompareTarget = 'version' | 'create' | 'mod' | 'value' | 'lease';

/** Targets by their number in Compare.CompareTarget. */
const TARGETS: readonly CompareTarget[] = ['version', 'create', 'mod', 'value', 'lease'];

/** Targets by the field that carries what they are compared with. */
const UNION_FIELDS: Readonly<Record<number, CompareTarget>> = {
  4: 'version',
  5: 'create',
  6: 'mod',
  7: 'value',
  8: 'lease',
};

/** How the stored value has to compare to the given one. */
export type CompareResult = 'equal' | 'greater' | 'less' | 'notEqual';

const RESULTS: readonly CompareResult[] = ['equal', 'greater', 'less', 'notEqual'];

/** A condition of a transaction over a key or all keys of a range. */
export interface Compare {
  readonly key: string;
  readonly rangeEnd: string;
  /** Undefined for a number etcd does not know: both sides then count as equal. */
  readonly target: CompareTarget | undefined;
  /** Undefined for a number etcd does not know: the condition then holds. */
  readonly result: CompareResult | undefined;
  /** The given side when it is a number and belongs to the target, else 0n. */
  readonly number: bigint;
  /** The given side when the target is the value, else empty. Byte string. */
  readonly value: string;
}

/** Reads inside a transaction matter only for the rights they need and the revision they name. */
export interface RangeRequest {
  readonly key: string;
  readonly rangeEnd: string;
  /** 0n for the newest. */
  readonly revision: bigint;
}

/** One step of a transaction. */
export type TxnOperation =
  | { readonly kind: 'range'; readonly range: RangeRequest }
  | { readonly kind: 'put'; readonly put: PutRequest }
  | { readonly kind: 'deleteRange'; readonly deleteRange: DeleteRangeRequest }
  | { readonly kind: 'txn'; readonly txn: TxnRequest }
  /** A step without content, which does nothing. */
  | { readonly kind: 'nothing' };

/** Conditions, and what to do when all hold or when one does not. */
export interface TxnRequest {
  readonly compares: readonly Compare[];
  readonly success: readonly TxnOperation[];
  readonly failure: readonly TxnOperation[];
}

/**
 * Decodes TxnRequest: 1 compare, 2 success, 3 failure. Throws a `MalformedMessage`, and {@link TransactionTooDeep}: all that
 * later walk through a transaction may rely on its depth.
 */
export function decodeTxn(bytes: Uint8Array): TxnRequest {
  return decodeLevel(bytes, 1);
}

function decodeLevel(bytes: Uint8Array, depth: number): TxnRequest {
  if (depth > DEEPEST_TRANSACTION) {
    throw new TransactionTooDeep();
  }
  const reader = new ProtobufReader(bytes);
  const compares: Compare[] = [];
  const success: TxnOperation[] = [];
  const failure: TxnOperation[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) compares.push(decodeCompare(reader.bytes()));
    else if (field === 2) success.push(decodeOperation(reader.bytes(), depth));
    else if (field === 3) failure.push(decodeOperation(reader.bytes(), depth));
    else reader.skip();
  }
  return { compares, success, failure };
}

function decodeOperation(bytes: Uint8Array, depth: number): TxnOperation {
  const reader = new ProtobufReader(bytes);
  let operation: TxnOperation = { kind: 'nothing' };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) operation = { kind: 'range', range: decodeRange(reader.bytes()) };
    else if (field === 2) operation = { kind: 'put', put: decodePut(reader.bytes()) };
    else if (field === 3) operation = { kind: 'deleteRange', deleteRange: decodeDeleteRange(reader.bytes()) };
    else if (field === 4) operation = { kind: 'txn', txn: decodeLevel(reader.bytes(), depth + 1) };
    else reader.skip();
  }
  return operation;
}

function decodeRange(bytes: Uint8Array): RangeRequest {
  const reader = new ProtobufReader(bytes);
  let key = '';
  let rangeEnd = '';
  let revision = 0n;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) key = byteString(reader.bytes());
    else if (field === 2) rangeEnd = byteString(reader.bytes());
    else if (field === 4) revision = reader.int64();
    else reader.skip();
  }
  return { key, rangeEnd, revision };
}

function decodeCompare(bytes: Uint8Array): Compare {
  const reader = new ProtobufReader(bytes);
  let target: CompareTarget | undefined = 'version';
  let result: CompareResult | undefined = 'equal';
  let key = '';
  let rangeEnd = '';
  let given: { readonly target: CompareTarget; readonly number: bigint; readonly value: string } | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    const union = UNION_FIELDS[field];
    if (union === 'value') given = { target: union, number: 0n, value: byteString(reader.bytes()) };
    else if (union !== undefined) given = { target: union, number: reader.int64(), value: '' };
    else if (field === 1) result = RESULTS[reader.number()];
    else if (field === 2) target = TARGETS[reader.number()];
    else if (field === 3) key = byteString(reader.bytes());
    else if (field === 64) rangeEnd = byteString(reader.bytes());
    else reader.skip();
  }
  // etcd takes the given side only when it is of the target's own type.
  const fits = given !== undefined && given.target === target ? given : undefined;
  return { key, rangeEnd, target, result, number: fits?.number ?? 0n, value: fits?.value ?? '' };
}
