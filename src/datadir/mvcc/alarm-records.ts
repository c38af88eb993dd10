import { MalformedMessage, ProtobufReader } from '../../protobuf/reader.ts';
import type { Database } from '../bbolt/database.ts';
import { Damage } from '../damage.ts';

/**
 * A raised alarm: a record of etcd's `alarm` bucket. The key is a protocol buffer message (etcdserverpb.AlarmMember), the value is
 * empty.
 *
 * ```
 * tag   field
 * 0x08  1 memberID, uint64
 * 0x10  2 alarm, enum: 1 NOSPACE, 2 CORRUPT
 * ```
 *
 * Source: etcd, server/storage/schema/alarm.go.
 */
export interface AlarmRecord {
  /** A copy of the key. */
  readonly key: Uint8Array;
  /** The member that raised it. */
  readonly memberId: bigint;
  /** `NOSPACE`, `CORRUPT`, or the number of another one. */
  readonly alarm: string;
}

const NAMES: Readonly<Record<number, string>> = { 1: 'NOSPACE', 2: 'CORRUPT' };

/** The alarms that are raised in a database, in the order of their keys. Throws a {@link Damage}. */
export async function readAlarmRecords(
  database: Database,
  options: { readonly signal: AbortSignal },
): Promise<readonly AlarmRecord[]> {
  const records: AlarmRecord[] = [];
  const bucket = await database.bucket('alarm');
  for await (const leaf of bucket?.leaves(options) ?? []) {
    for (let index = 0; index < leaf.count; index++) {
      const key = new Uint8Array(leaf.key(index));
      try {
        records.push({ key, ...decode(key) });
      } catch (error) {
        if (!(error instanceof MalformedMessage)) {
          throw error;
        }
        const reason = `record ${index} of the bucket "alarm" cannot be read: ${error.message}`;
        throw new Damage({ ...leaf.page, reason, cause: error });
      }
    }
  }
  return records;
}

/** An alarm and its member as etcd's own tools name them. */
export function alarmText({ alarm, memberId }: AlarmRecord): string {
  return `${alarm} of member ${memberId.toString(16)}`;
}

function decode(key: Uint8Array): Pick<AlarmRecord, 'memberId' | 'alarm'> {
  const reader = new ProtobufReader(key);
  let memberId = 0n;
  let alarm = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) memberId = reader.uint64();
    else if (field === 2) alarm = reader.number();
    else reader.skip();
  }
  return { memberId, alarm: NAMES[alarm] ?? `alarm ${alarm}` };
}
