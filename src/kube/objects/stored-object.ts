import { MalformedMessage, ProtobufReader } from '../../protobuf/reader.ts';
import { isShallow } from './is-shallow.ts';

/** What an API server has stored under a key. */
export type StoredValue =
  | StoredObject
  /** Encrypted at rest: by which provider, and with which of its keys. */
  | { readonly kind: 'encrypted'; readonly provider: string; readonly keyName: string }
  /** It begins like an object, and is none that can be read. */
  | { readonly kind: 'damaged'; readonly why: string }
  | { readonly kind: 'other' };

/** An object of Kubernetes. Texts are empty where it has none. */
export interface StoredObject {
  readonly kind: 'object';
  readonly apiVersion: string;
  readonly objectKind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Uids of the objects that it belongs to. */
  readonly owners: readonly string[];
  /** Uid of the one that makes it; empty for none. */
  readonly controller: string;
  /** Somebody has deleted it, and what it waits for keeps it. */
  readonly isBeingDeleted: boolean;
  /** The message of its kind, a view; undefined where it is `json`. */
  readonly message: Uint8Array | undefined;
  /** The object, where it is stored as JSON. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

/** Objects in protobuf begin with it. Format: k8s.io/apimachinery pkg/runtime/serializer/protobuf, runtime.Unknown. */
const PROTOBUF = Buffer.from('k8s\0');

/** Encrypted values begin with it; then come provider, version and the name of the key, each followed by a colon. */
const ENCRYPTED = Buffer.from('k8s:enc:');

/** The tag that CBOR of Kubernetes begins with. */
const CBOR = Buffer.from([0xd9, 0xd9, 0xf7]);

/** Names of providers and keys are short. */
const LONGEST_PREFIX = 1_024;

const OPENING_BRACE = 0x7b;

/** Recognises a value. Never throws: what cannot be read is `damaged` or `other`. */
export function readStoredValue(value: Uint8Array): StoredValue {
  if (startsWith(value, PROTOBUF)) {
    return trying(() => protobufObject(value.subarray(PROTOBUF.length)));
  }
  if (startsWith(value, ENCRYPTED)) {
    return encrypted(value);
  }
  if (startsWith(value, CBOR)) {
    return { kind: 'damaged', why: 'it is CBOR, which is not decoded' };
  }
  return value.find((byte) => byte > 0x20) === OPENING_BRACE ? jsonObject(value) : { kind: 'other' };
}

function startsWith(value: Uint8Array, prefix: Uint8Array): boolean {
  return value.length >= prefix.length && Buffer.compare(value.subarray(0, prefix.length), prefix) === 0;
}

function trying(read: () => StoredValue): StoredValue {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedMessage) {
      return { kind: 'damaged', why: `its protobuf is damaged: ${error.message}` };
    }
    throw error;
  }
}

function protobufObject(envelope: Uint8Array): StoredObject {
  const reader = new ProtobufReader(envelope);
  let apiVersion = '';
  let objectKind = '';
  let message = new Uint8Array(0);
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) {
      const type = reader.message();
      for (let part = type.next(); part !== 0; part = type.next()) {
        if (part === 1) apiVersion = type.text();
        else if (part === 2) objectKind = type.text();
        else type.skip();
      }
    } else if (field === 2) {
      message = reader.bytes() as Uint8Array<ArrayBuffer>;
    } else {
      reader.skip();
    }
  }
  if (apiVersion === '' || objectKind === '') {
    throw new MalformedMessage('it names no kind');
  }
  return { kind: 'object', apiVersion, objectKind, message, json: undefined, ...metaOf(message) };
}

type Meta = Pick<StoredObject, 'namespace' | 'name' | 'uid' | 'owners' | 'controller' | 'isBeingDeleted'>;

/** The metadata of an object, which are the first field of every kind. Fields: k8s.io/apimachinery pkg/apis/meta/v1/generated.proto. */
function metaOf(message: Uint8Array): Meta {
  const meta = { namespace: '', name: '', uid: '', owners: [] as string[], controller: '', isBeingDeleted: false };
  const reader = new ProtobufReader(message);
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field !== 1) {
      reader.skip();
      continue;
    }
    const inner = reader.message();
    for (let part = inner.next(); part !== 0; part = inner.next()) {
      if (part === 1) meta.name = inner.text();
      else if (part === 3) meta.namespace = inner.text();
      else if (part === 5) meta.uid = inner.text();
      else if (part === 9) meta.isBeingDeleted = inner.bytes().length > 0;
      else if (part === 13) addOwner(meta, inner.message());
      else inner.skip();
    }
  }
  return meta;
}

function addOwner(meta: { readonly owners: string[]; controller: string }, reader: ProtobufReader): void {
  let uid = '';
  let isController = false;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 4) uid = reader.text();
    else if (field === 6) isController = reader.boolean();
    else reader.skip();
  }
  meta.owners.push(uid);
  meta.controller = isController ? uid : meta.controller;
}

function encrypted(value: Uint8Array): StoredValue {
  const head = Buffer.from(value.subarray(ENCRYPTED.length, ENCRYPTED.length + LONGEST_PREFIX)).toString('latin1');
  const [, provider = '', version = '', keyName = ''] = /^([\w.-]+):(v\d+):([^:]*):/.exec(head) ?? [];
  return provider === ''
    ? { kind: 'damaged', why: 'it begins like an encrypted value and names no provider' }
    : { kind: 'encrypted', provider: `${provider} ${version}`, keyName };
}

function jsonObject(value: Uint8Array): StoredValue {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value));
  } catch {
    return { kind: 'other' };
  }
  if (
    !isRecord(json) ||
    typeof json['apiVersion'] !== 'string' ||
    typeof json['kind'] !== 'string' ||
    !isShallow(json)
  ) {
    return { kind: 'other' };
  }
  const meta = isRecord(json['metadata']) ? json['metadata'] : {};
  const owners = Array.isArray(meta['ownerReferences']) ? meta['ownerReferences'].filter(isRecord) : [];
  return {
    kind: 'object',
    apiVersion: json['apiVersion'],
    objectKind: json['kind'],
    namespace: textIn(meta, 'namespace'),
    name: textIn(meta, 'name'),
    uid: textIn(meta, 'uid'),
    owners: owners.map((owner) => textIn(owner, 'uid')),
    controller: textIn(owners.find((owner) => owner['controller'] === true) ?? {}, 'uid'),
    isBeingDeleted: textIn(meta, 'deletionTimestamp') !== '',
    message: undefined,
    json,
  };
}

function textIn(record: Readonly<Record<string, unknown>>, name: string): string {
  const found = record[name];
  return typeof found === 'string' ? found : '';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
