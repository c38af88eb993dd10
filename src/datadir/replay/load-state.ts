import { MalformedMessage, ProtobufReader } from '../../protobuf/reader.ts';
import type { Bucket } from '../bbolt/bucket.ts';
import type { Database } from '../bbolt/database.ts';
import { Damage } from '../damage.ts';
import { decodeKeyValue, type KeyValue } from '../mvcc/key-value.ts';
import { readLastRevision } from '../mvcc/last-revision.ts';
import { decodeLease } from '../mvcc/lease-record.ts';
import { decodeRevisionKey } from '../mvcc/revision-key.ts';
import { decodePermission, type Permission } from '../raft/auth-request.ts';
import { byteString } from '../raft/byte-string.ts';
import { type AlarmKind, alarmKind } from '../raft/raft-request.ts';
import { Alarms } from './alarms.ts';
import { Auth } from './auth.ts';
import { Leases } from './leases.ts';
import { LiveKeys } from './live-keys.ts';
import type { ReadSet } from './read-set.ts';
import type { StoreState } from './store-state.ts';
import type { VersionRules } from './version-rules.ts';

/** What to read from which db. */
export interface Loading {
  readonly database: Database;
  readonly readSet: ReadSet;
  readonly rules: VersionRules;
  readonly signal: AbortSignal;
}

/** The state an etcd has after it opened a db, with the keys of the read set only. Throws {@link Damage}. */
export async function loadState(loading: Loading): Promise<StoreState> {
  const { database } = loading;
  const state: StoreState = {
    revision: await readLastRevision(database),
    compactRevision: await readCompactRevision(database),
    keys: new LiveKeys(),
    leases: await readLeases(loading),
    auth: await readAuth(loading),
    rules: loading.rules,
    alarms: await readAlarms(loading),
  };
  if (!loading.readSet.isEmpty) {
    await readKeys(loading, state);
  }
  return state;
}

/** Walks the history once and keeps the newest version of each key in the read set. */
async function readKeys({ database, readSet, signal }: Loading, state: StoreState): Promise<void> {
  const bucket = await database.bucket('key');
  for await (const leaf of bucket?.leaves({ signal }) ?? []) {
    for (let index = 0; index < leaf.count; index++) {
      const change = decodeRevisionKey(leaf.page.bytes, leaf.keyStart(index), leaf.valueStart(index));
      const record = decodeKeyValue(leaf.page.bytes, leaf.valueStart(index), leaf.valueEnd(index));
      if (change === undefined || record === undefined) {
        const reason = `record ${index} of page ${leaf.page.id} is no change of a key`;
        throw new Damage({ file: leaf.page.file, offset: leaf.page.offset + leaf.keyStart(index), reason });
      }
      follow(state, readSet, record, change.tombstone ? 'delete' : 'put');
    }
  }
}

function follow(state: StoreState, readSet: ReadSet, record: KeyValue, kind: 'put' | 'delete'): void {
  const key = byteString(record.key);
  const known = state.keys.get(key) !== undefined;
  if (kind === 'delete') {
    if (known) {
      state.keys.delete(key);
      state.leases.detach(key);
    }
    return;
  }
  if (known || readSet.hasLease(record.lease) || readSet.hasKey(key)) {
    const { createRevision, modRevision, version, lease } = record;
    // A copy: the view would keep the whole page in memory.
    const value = readSet.hasValue(key) ? Uint8Array.from(record.value) : undefined;
    state.keys.set(key, { createRevision, modRevision, version, lease, value });
    state.leases.attach(key, lease);
  }
}

/** The last compaction that was begun; etcd finishes it at its start. */
async function readCompactRevision(database: Database): Promise<number> {
  const meta = await database.bucket('meta');
  let newest = 0;
  for (const mark of ['finishedCompactRev', 'scheduledCompactRev']) {
    const value = await meta?.get(Buffer.from(mark));
    newest = Math.max(newest, value === undefined ? 0 : (decodeRevisionKey(value)?.main ?? 0));
  }
  return newest;
}

async function readLeases(loading: Loading): Promise<Leases> {
  const leases = new Leases();
  // An etcd keeps what is in its db, whatever the TTL.
  await eachRecord(loading, 'lease', (_key, value) => leases.grant(decodeLease(value).id, 0n));
  return leases;
}

/** Bucket `alarm`: etcdserverpb.AlarmMember { 1 memberID, 2 alarm } as the key, nothing as the value. */
async function readAlarms(loading: Loading): Promise<Alarms> {
  const raised: Record<AlarmKind, bigint[]> = { nospace: [], corrupt: [] };
  await eachRecord(loading, 'alarm', (key) => {
    const reader = new ProtobufReader(key);
    let memberId = 0n;
    let kind: AlarmKind | undefined;
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === 1) memberId = reader.uint64();
      else if (field === 2) kind = alarmKind(reader.number());
      else reader.skip();
    }
    if (kind !== undefined) {
      raised[kind].push(memberId);
    }
  });
  return new Alarms(raised);
}

/** Buckets `auth` (`authEnabled`: the byte 1; `authRevision`: 8 bytes, big endian), `authUsers` and `authRoles`. */
async function readAuth(loading: Loading): Promise<Auth> {
  const bucket = await loading.database.bucket('auth');
  const enabled = await bucket?.get(Buffer.from('authEnabled'));
  const revision = await bucket?.get(Buffer.from('authRevision'));
  const users = new Map<string, readonly string[]>();
  await eachRecord(loading, 'authUsers', (key, value) => {
    // authpb.User { 1 name, 2 password, 3 roles, 4 options }
    users.set(byteString(key), fieldsOf(value, 3).map(byteString));
  });
  const roles = new Map<string, readonly Permission[]>();
  await eachRecord(loading, 'authRoles', (key, value) => {
    // authpb.Role { 1 name, 2 keyPermission }
    roles.set(byteString(key), fieldsOf(value, 2).map(decodePermission));
  });
  return new Auth({
    enabled: enabled?.length === 1 && enabled[0] === 1,
    revision: revision?.length === 8 ? Buffer.from(revision).readBigUInt64BE() : 0n,
    users,
    roles,
  });
}

function fieldsOf(message: Uint8Array, wanted: number): readonly Uint8Array[] {
  const reader = new ProtobufReader(message);
  const found: Uint8Array[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === wanted) found.push(reader.bytes());
    else reader.skip();
  }
  return found;
}

async function eachRecord(
  { database, signal }: Loading,
  name: string,
  visit: (key: Uint8Array, value: Uint8Array) => void,
): Promise<void> {
  const bucket: Bucket | undefined = await database.bucket(name);
  for await (const leaf of bucket?.leaves({ signal }) ?? []) {
    for (let index = 0; index < leaf.count; index++) {
      try {
        visit(leaf.key(index), leaf.value(index));
      } catch (error) {
        if (!(error instanceof MalformedMessage)) {
          throw error;
        }
        const reason = `record ${index} of the bucket "${name}" cannot be read: ${error.message}`;
        throw new Damage({
          file: database.path,
          offset: leaf.page.offset + leaf.keyStart(index),
          reason,
          cause: error,
        });
      }
    }
  }
}
