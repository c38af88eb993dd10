import { open } from 'node:fs/promises';
import path from 'node:path';
import { crc32c } from '../../checksum/crc32c.ts';
import { syncDirectory } from '../../fs/sync.ts';
import { MalformedMessage, ProtobufReader } from '../../protobuf/reader.ts';
import { ProtobufWriter } from '../../protobuf/writer.ts';
import { Damage } from '../damage.ts';
import { type ConfState, decodeConfState, encodeConfState } from '../raft/raft.ts';

/**
 * A raft snapshot: the entry up to which the log is not needed any more, as the db has its effect. A .snap file holds one, as
 * protocol buffer messages inside each other:
 *
 * ```
 * tag   field                                      snappb.Snapshot, the file
 * 0x08  1 crc, uint32: CRC-32C of data
 * 0x12  2 data, bytes                              raftpb.Snapshot
 *         0x0a  1 data, bytes                      etcd's v2 store as JSON: members, cluster version
 *         0x12  2 metadata, bytes                  raftpb.SnapshotMetadata
 *                 0x0a  1 conf_state, bytes        raftpb.ConfState
 *                 0x10  2 index, uint64
 *                 0x18  3 term, uint64
 * ```
 *
 * Source: etcd, server/etcdserver/api/snap/snapshotter.go, snappb/snap.proto; raft, raftpb/raft.proto.
 */
export interface RaftSnapshot {
  readonly index: number;
  readonly term: number;
  readonly confState: ConfState;
  /** JSON of the v2 store. */
  readonly data: Uint8Array;
}

/** Name of a snapshot's file: term and index as 16 hexadecimal digits each, `TERM-INDEX.snap`. */
export function formatSnapName(snapshot: { readonly term: number; readonly index: number }): string {
  return `${snapshot.term.toString(16).padStart(16, '0')}-${snapshot.index.toString(16).padStart(16, '0')}.snap`;
}

/** The bytes of a .snap file. */
export function encodeSnapFile(snapshot: RaftSnapshot): Uint8Array {
  const metadata = new ProtobufWriter()
    .bytes(1, encodeConfState(snapshot.confState))
    .varint(2, snapshot.index)
    .varint(3, snapshot.term)
    .finish();
  const data = new ProtobufWriter().bytes(1, snapshot.data).bytes(2, metadata).finish();
  return new ProtobufWriter().varint(1, crc32c(0, data)).bytes(2, data).finish();
}

/** Reads the bytes of a .snap file; `file` is for the message. Throws {@link Damage}. */
export function decodeSnapFile(bytes: Uint8Array, file: string): RaftSnapshot {
  try {
    return decodeSnapshot(checkedData(bytes, file));
  } catch (error) {
    if (error instanceof MalformedMessage) {
      throw new Damage({ file, offset: 0, reason: error.message, cause: error });
    }
    throw error;
  }
}

/** Writes a snapshot into `directory` (0600) and makes it durable. */
export async function writeSnapFile(directory: string, snapshot: RaftSnapshot): Promise<void> {
  const handle = await open(path.join(directory, formatSnapName(snapshot)), 'wx', 0o600);
  try {
    await handle.writeFile(encodeSnapFile(snapshot));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncDirectory(directory);
}

function checkedData(bytes: Uint8Array, file: string): Uint8Array {
  if (bytes.length === 0) {
    throw new Damage({ file, offset: 0, reason: 'the file is empty' });
  }
  const reader = new ProtobufReader(bytes);
  let crc = 0;
  let data: Uint8Array = new Uint8Array();
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) crc = reader.number();
    else if (field === 2) data = reader.bytes();
    else reader.skip();
  }
  if (data.length === 0 || crc === 0) {
    throw new Damage({ file, offset: 0, reason: 'there is no snapshot inside' });
  }
  const actual = crc32c(0, data);
  if (actual !== crc) {
    const reason = `the checksum is ${hex(actual)} instead of the recorded ${hex(crc)}`;
    throw new Damage({ file, offset: 0, reason });
  }
  return data;
}

function decodeSnapshot(bytes: Uint8Array): RaftSnapshot {
  const reader = new ProtobufReader(bytes);
  let data: Uint8Array = new Uint8Array();
  let metadata: Uint8Array = new Uint8Array();
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) data = reader.bytes();
    else if (field === 2) metadata = reader.bytes();
    else reader.skip();
  }
  const inner = new ProtobufReader(metadata);
  let confState: ConfState = { voters: [], learners: [] };
  let index = 0;
  let term = 0;
  for (let field = inner.next(); field !== 0; field = inner.next()) {
    if (field === 1) confState = decodeConfState(inner.bytes());
    else if (field === 2) index = inner.number();
    else if (field === 3) term = inner.number();
    else inner.skip();
  }
  return { index, term, confState, data };
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
