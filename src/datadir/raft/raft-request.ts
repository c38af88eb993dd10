import { ProtobufReader } from '../../protobuf/reader.ts';
import { type AuthChange, decodeAuthChange } from './auth-request.ts';
import { byteString } from './byte-string.ts';
import { decodeTxn, type TxnRequest } from './txn-request.ts';
import { type DeleteRangeRequest, decodeDeleteRange, decodePut, type PutRequest } from './write-request.ts';

/** The user of a request, when authentication was on. */
export interface Requester {
  /** Empty without a login. Byte string. */
  readonly user: string;
  /** Revision of users and roles at which the request was accepted; 0n without a login. */
  readonly authRevision: bigint;
}

/** What an alarm is about. */
export type AlarmKind = 'nospace' | 'corrupt';

/** The part of a request that may change the store. */
export type Operation =
  | { readonly kind: 'put'; readonly put: PutRequest }
  | { readonly kind: 'deleteRange'; readonly deleteRange: DeleteRangeRequest }
  | { readonly kind: 'txn'; readonly txn: TxnRequest }
  | { readonly kind: 'compaction'; readonly revision: bigint }
  | { readonly kind: 'leaseGrant'; readonly id: bigint; readonly ttl: bigint }
  | { readonly kind: 'leaseRevoke'; readonly id: bigint }
  | { readonly kind: 'alarm'; readonly action: 'raise' | 'clear'; readonly memberId: bigint; readonly alarm: AlarmKind }
  | { readonly kind: 'auth'; readonly auth: AuthChange }
  /** Reads, member attributes, cluster version, lease checkpoints: no changes of keys. */
  | { readonly kind: 'nothing' };

/** The data of a normal raft entry. */
export interface RaftRequest {
  readonly requester: Requester;
  readonly operation: Operation;
}

const NOTHING: Operation = { kind: 'nothing' };

/**
 * Reads etcdserverpb.InternalRaftRequest. Values are views into `bytes`. Throws a `MalformedMessage`, also for some requests of etcd's
 * v2 API, which do not touch the v3 store. Source: etcd, api/etcdserverpb/raft_internal.proto.
 */
export function decodeRaftRequest(bytes: Uint8Array): RaftRequest {
  const reader = new ProtobufReader(bytes);
  let requester: Requester = { user: '', authRevision: 0n };
  let operation = NOTHING;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 100) {
      requester = decodeHeader(reader.bytes());
    } else if (field === 1) {
      reader.uint64();
    } else if (field === 2) {
      // A request of the v2 API, which does not touch the v3 store.
      return { requester, operation: NOTHING };
    } else {
      const decoded = decodeOperation(field, reader.bytes());
      if (decoded.kind !== 'nothing') {
        operation = decoded;
      }
    }
  }
  return { requester, operation };
}

function decodeOperation(field: number, bytes: Uint8Array): Operation {
  switch (field) {
    case 4:
      return { kind: 'put', put: decodePut(bytes) };
    case 5:
      return { kind: 'deleteRange', deleteRange: decodeDeleteRange(bytes) };
    case 6:
      return { kind: 'txn', txn: decodeTxn(bytes) };
    case 7:
      return { kind: 'compaction', revision: decodeNumbers(bytes).first };
    case 8: {
      const { first, second } = decodeNumbers(bytes);
      return { kind: 'leaseGrant', ttl: first, id: second };
    }
    case 9:
      return { kind: 'leaseRevoke', id: decodeNumbers(bytes).first };
    case 10:
      return decodeAlarm(bytes);
    default: {
      const auth = decodeAuthChange(field, bytes);
      return auth === undefined ? NOTHING : { kind: 'auth', auth };
    }
  }
}

function decodeHeader(bytes: Uint8Array): Requester {
  const reader = new ProtobufReader(bytes);
  let user = '';
  let authRevision = 0n;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 2) user = byteString(reader.bytes());
    else if (field === 3) authRevision = reader.uint64();
    else reader.skip();
  }
  return { user, authRevision };
}

function decodeAlarm(bytes: Uint8Array): Operation {
  const reader = new ProtobufReader(bytes);
  let action = 0;
  let memberId = 0n;
  let alarm = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) action = reader.number();
    else if (field === 2) memberId = reader.uint64();
    else if (field === 3) alarm = reader.number();
    else reader.skip();
  }
  const kind = alarmKind(alarm);
  if (kind === undefined || (action !== 1 && action !== 2)) {
    return NOTHING;
  }
  return { kind: 'alarm', action: action === 1 ? 'raise' : 'clear', memberId, alarm: kind };
}

/** An alarm by its number in etcdserverpb.AlarmType; undefined for 0, which is none, and unknown ones. */
export function alarmKind(type: number): AlarmKind | undefined {
  return type === 1 ? 'nospace' : type === 2 ? 'corrupt' : undefined;
}

function decodeNumbers(bytes: Uint8Array): { readonly first: bigint; readonly second: bigint } {
  const reader = new ProtobufReader(bytes);
  let first = 0n;
  let second = 0n;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) first = reader.int64();
    else if (field === 2) second = reader.int64();
    else reader.skip();
  }
  return { first, second };
}
