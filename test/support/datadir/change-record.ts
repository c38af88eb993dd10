import { encodeKeyValue, encodeTombstone, KEY_VALUE_OVERHEAD } from '../../../src/datadir/mvcc/key-value.ts';
import { encodeRevisionKey, REVISION_KEY_SIZE } from '../../../src/datadir/mvcc/revision-key.ts';
import type { DeltaEvent } from '../../../src/snapshot/delta-event.ts';

/** An event as etcd records it in the `key` bucket: key and value; `sub` is its place in its transaction, from 0. */
export function changeRecord(event: DeltaEvent, sub: number): readonly [Buffer, Buffer] {
  const tombstone = event.type === 'delete';
  const key = Buffer.alloc(REVISION_KEY_SIZE + 1);
  const keySize = encodeRevisionKey(key, 0, { main: event.modRevision, sub, tombstone });
  const value = event.type === 'put' ? event.value : Buffer.alloc(0);
  const source = Buffer.concat([event.key, value]);
  const record = Buffer.alloc(source.length + KEY_VALUE_OVERHEAD);
  const ranges = { keyStart: 0, keyEnd: event.key.length, valueStart: event.key.length, valueEnd: source.length };
  const size =
    event.type === 'delete'
      ? encodeTombstone(record, 0, source, ranges)
      : encodeKeyValue(record, 0, source, {
          ...ranges,
          createRevision: event.createRevision,
          modRevision: event.modRevision,
          version: event.version,
          lease: event.lease,
        });
  return [key.subarray(0, keySize), record.subarray(0, size)];
}
