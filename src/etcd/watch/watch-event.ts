import { MalformedMessage, type ProtobufReader } from '../../protobuf/reader.ts';
import { revision } from '../../revision.ts';
import type { DeltaEvent } from '../../snapshot/delta-event.ts';

/** mvccpb.Event.EventType */
const deleteType = 1;

/** Reads an mvccpb.Event (api/mvccpb/kv.proto): 1 type, 2 kv. Key and value stay views of the message. */
export function readWatchEvent(reader: ProtobufReader): DeltaEvent {
  let type = 0;
  let kv: ProtobufReader | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        type = reader.number();
        break;
      case 2:
        kv = reader.message();
        break;
      default:
        reader.skip();
    }
  }
  if (kv === undefined || type > deleteType) {
    throw new MalformedMessage(kv === undefined ? 'an event without key' : `an event of unknown type ${type}`);
  }
  return readKeyValue(kv, type === deleteType ? 'delete' : 'put');
}

/** Reads an mvccpb.KeyValue: 1 key, 2 create_revision, 3 mod_revision, 4 version, 5 value, 6 lease; absent means zero. */
function readKeyValue(reader: ProtobufReader, type: DeltaEvent['type']): DeltaEvent {
  let key = noBytes;
  let value = noBytes;
  let createRevision = noRevision;
  let modRevision = noRevision;
  let version = 0;
  let lease = 0n;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        key = reader.bytes();
        break;
      case 2:
        createRevision = revision(reader.number());
        break;
      case 3:
        modRevision = revision(reader.number());
        break;
      case 4:
        version = reader.number();
        break;
      case 5:
        value = reader.bytes();
        break;
      case 6:
        lease = reader.int64();
        break;
      default:
        reader.skip();
    }
  }
  if (modRevision === 0) {
    throw new MalformedMessage('an event without revision');
  }
  return type === 'delete'
    ? { type, key, modRevision }
    : { type, key, modRevision, value, createRevision, version, lease };
}

const noBytes: Uint8Array = Buffer.alloc(0);
const noRevision = revision(0);
