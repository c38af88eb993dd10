import { crc32c } from '../../checksum/crc32c.ts';
import { ProtobufReader } from '../../protobuf/reader.ts';
import { ProtobufWriter } from '../../protobuf/writer.ts';
import { type ConfState, decodeConfState, encodeConfState } from '../raft/raft.ts';

/**
 * Bytes of the length that begins a frame. A WAL segment is a sequence of frames, then zeros up to the size it was given when it
 * was made:
 *
 * ```
 * byte  size  field
 *    0     7  bytes of the record, little-endian; 0 ends the segment
 *    7     1  0x80 | bytes of padding; 0 when there is none
 *    8     n  the record, a protocol buffer message (walpb.Record):
 *             tag   field
 *             0x08  1 type, int64: 1 metadata, 2 entry, 3 state, 4 crc, 5 snapshot
 *             0x10  2 crc, uint32: CRC-32C over the data of all records so far, across segments
 *             0x1a  3 data, bytes; a crc record has none
 *  8+n   0-7  padding: zeros up to a multiple of 8, so that a length never crosses a sector
 * ```
 *
 * A segment begins with a record of type crc, which repeats the sum so far, then the metadata.
 * Source: etcd, server/storage/wal/encoder.go and doc.go.
 */
export const FRAME_HEADER_SIZE = 8;

/** What a record holds: metadata (node and cluster id), a raft entry, a hard state, the running checksum, a snapshot mark. */
export type RecordKind = 'metadata' | 'entry' | 'state' | 'crc' | 'snapshot';

const RECORD_KINDS: readonly (RecordKind | undefined)[] = [undefined, 'metadata', 'entry', 'state', 'crc', 'snapshot'];

/** The type number of a record kind in the file. */
function recordType(kind: RecordKind): number {
  return RECORD_KINDS.indexOf(kind);
}

/** The kind of a type number; undefined for one etcd does not know. */
export function recordKind(type: number): RecordKind | undefined {
  return RECORD_KINDS[type];
}

/** Turns records into frames and keeps the running checksum. */
export class RecordEncoder {
  #crc: number;

  /** `crc` is the running checksum to continue, 0 for a new log. */
  constructor(crc: number) {
    this.#crc = crc;
  }

  /** The running checksum after everything encoded so far. */
  get crc(): number {
    return this.#crc;
  }

  /** The frame of one record. A `crc` record has no data. */
  encode(kind: RecordKind, data: Uint8Array | undefined): Uint8Array {
    if (data !== undefined) {
      this.#crc = crc32c(this.#crc, data);
    }
    const writer = new ProtobufWriter().varint(1, recordType(kind)).varint(2, this.#crc);
    const record = (data === undefined ? writer : writer.bytes(3, data)).finish();
    const padding = (8 - (record.length % 8)) % 8;
    const frame = Buffer.alloc(FRAME_HEADER_SIZE + record.length + padding);
    const length = BigInt(record.length) | (padding === 0 ? 0n : BigInt(0x80 | padding) << 56n);
    frame.writeBigUInt64LE(length, 0);
    frame.set(record, FRAME_HEADER_SIZE);
    return frame;
  }
}

/** The member that a WAL belongs to. */
export interface WalMetadata {
  readonly nodeId: bigint;
  readonly clusterId: bigint;
}

/** Encodes etcdserverpb.Metadata: 1 NodeID, 2 ClusterID. */
export function encodeMetadata(metadata: WalMetadata): Uint8Array {
  return new ProtobufWriter().varint(1, metadata.nodeId).varint(2, metadata.clusterId).finish();
}

/** Decodes etcdserverpb.Metadata. Throws a `MalformedMessage`. */
export function decodeMetadata(bytes: Uint8Array): WalMetadata {
  const reader = new ProtobufReader(bytes);
  let nodeId = 0n;
  let clusterId = 0n;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) nodeId = reader.uint64();
    else if (field === 2) clusterId = reader.uint64();
    else reader.skip();
  }
  return { nodeId, clusterId };
}

/** Marks that a .snap file of this index and term was written. */
export interface WalSnapshot {
  readonly index: number;
  readonly term: number;
  /** Written by etcd 3.5 and newer; undefined in the mark of a new log and in logs of older versions. */
  readonly confState: ConfState | undefined;
}

/** Encodes walpb.Snapshot: 1 index, 2 term, 3 conf_state. */
export function encodeWalSnapshot(snapshot: WalSnapshot): Uint8Array {
  const writer = new ProtobufWriter().varint(1, snapshot.index).varint(2, snapshot.term);
  return (snapshot.confState === undefined ? writer : writer.bytes(3, encodeConfState(snapshot.confState))).finish();
}

/** Decodes walpb.Snapshot. Throws a `MalformedMessage`. */
export function decodeWalSnapshot(bytes: Uint8Array): WalSnapshot {
  const reader = new ProtobufReader(bytes);
  let index = 0;
  let term = 0;
  let confState: ConfState | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) index = reader.number();
    else if (field === 2) term = reader.number();
    else if (field === 3) confState = decodeConfState(reader.bytes());
    else reader.skip();
  }
  return { index, term, confState };
}
