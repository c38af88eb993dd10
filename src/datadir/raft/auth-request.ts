import { ProtobufReader } from '../../protobuf/reader.ts';
import { byteString } from './byte-string.ts';

/** What a permission allows. */
export type PermissionType = 'read' | 'write' | 'readwrite';

const PERMISSION_TYPES: readonly PermissionType[] = ['read', 'write', 'readwrite'];

/** A right to a key or a range of keys. Byte strings. */
export interface Permission {
  /** Undefined for a number that etcd does not know; such a permission allows nothing. */
  readonly type: PermissionType | undefined;
  readonly key: string;
  readonly rangeEnd: string;
}

/** A change of users or roles, or authentication turned on or off. Passwords are not read. */
export type AuthChange =
  | { readonly change: 'enable' }
  | { readonly change: 'disable' }
  | { readonly change: 'userAdd'; readonly user: string }
  | { readonly change: 'userDelete'; readonly user: string }
  | { readonly change: 'userChangePassword'; readonly user: string }
  | { readonly change: 'userGrantRole'; readonly user: string; readonly role: string }
  | { readonly change: 'userRevokeRole'; readonly user: string; readonly role: string }
  | { readonly change: 'roleAdd'; readonly role: string }
  | { readonly change: 'roleDelete'; readonly role: string }
  | { readonly change: 'roleGrantPermission'; readonly role: string; readonly permission: Permission | undefined }
  | {
      readonly change: 'roleRevokePermission';
      readonly role: string;
      readonly key: string;
      readonly rangeEnd: string;
    };

/**
 * Reads the auth request in `field` of etcdserverpb.InternalRaftRequest; undefined for another field, or a request that only
 * reads. Throws a `MalformedMessage`. Source: etcd, api/etcdserverpb/{raft_internal,rpc}.proto.
 */
export function decodeAuthChange(field: number, bytes: Uint8Array): AuthChange | undefined {
  switch (field) {
    case 1000:
      return { change: 'enable' };
    case 1011:
      return { change: 'disable' };
    case 1100:
      return { change: 'userAdd', user: decodeFields(bytes).first };
    case 1101:
      return { change: 'userDelete', user: decodeFields(bytes).first };
    case 1103:
      return { change: 'userChangePassword', user: decodeFields(bytes).first };
    case 1104: {
      const { first, second } = decodeFields(bytes);
      return { change: 'userGrantRole', user: first, role: byteString(second) };
    }
    case 1105: {
      const { first, second } = decodeFields(bytes);
      return { change: 'userRevokeRole', user: first, role: byteString(second) };
    }
    case 1200:
      return { change: 'roleAdd', role: decodeFields(bytes).first };
    case 1201:
      return { change: 'roleDelete', role: decodeFields(bytes).first };
    case 1203: {
      const { first, second, hasSecond } = decodeFields(bytes);
      return {
        change: 'roleGrantPermission',
        role: first,
        permission: hasSecond ? decodePermission(second) : undefined,
      };
    }
    case 1204: {
      const { first, second, third } = decodeFields(bytes);
      return { change: 'roleRevokePermission', role: first, key: byteString(second), rangeEnd: byteString(third) };
    }
    default:
      return undefined;
  }
}

/** Decodes authpb.Permission: 1 permType, 2 key, 3 range_end. Throws a `MalformedMessage`. */
export function decodePermission(bytes: Uint8Array): Permission {
  const reader = new ProtobufReader(bytes);
  let type: PermissionType | undefined = 'read';
  let key = '';
  let rangeEnd = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) type = PERMISSION_TYPES[reader.number()];
    else if (field === 2) key = byteString(reader.bytes());
    else if (field === 3) rangeEnd = byteString(reader.bytes());
    else reader.skip();
  }
  return { type, key, rangeEnd };
}

/** The first three fields of these messages, which are bytes or text. Names are read as byte strings, too. */
function decodeFields(bytes: Uint8Array): {
  readonly first: string;
  readonly second: Uint8Array;
  readonly third: Uint8Array;
  readonly hasSecond: boolean;
} {
  const reader = new ProtobufReader(bytes);
  let first = '';
  let second: Uint8Array | undefined;
  let third: Uint8Array = new Uint8Array();
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) first = byteString(reader.bytes());
    else if (field === 2) second = reader.bytes();
    else if (field === 3) third = reader.bytes();
    else reader.skip();
  }
  return { first, second: second ?? new Uint8Array(), third, hasSecond: second !== undefined };
}
