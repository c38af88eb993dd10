import { MalformedMessage, ProtobufReader } from '../../protobuf/reader.ts';
import { ProtobufWriter } from '../../protobuf/writer.ts';

// The messages of etcd's raft/raftpb/raft.proto that reach the disk. Fields that protobuf marks as not nullable are
// always written, even when zero, because etcd's generated code does so; readers take a missing field for zero.

/** What an entry of the raft log carries: a request to the store, or a change of the members. */
export type EntryKind = 'normal' | 'confChange';

const ENTRY_KINDS: readonly EntryKind[] = ['normal', 'confChange'];

/** One entry of the raft log. */
export interface RaftEntry {
  readonly kind: EntryKind;
  readonly term: number;
  readonly index: number;
  readonly data: Uint8Array;
}

/** Encodes an entry: 1 type, 2 term, 3 index, 4 data. */
export function encodeEntry(entry: RaftEntry): Uint8Array {
  const writer = new ProtobufWriter()
    .varint(1, ENTRY_KINDS.indexOf(entry.kind))
    .varint(2, entry.term)
    .varint(3, entry.index);
  return (entry.data.length === 0 ? writer : writer.bytes(4, entry.data)).finish();
}

/** Decodes an entry; its data is a view into `bytes`. Throws a `MalformedMessage`, also for a type that etcd would not start with. */
export function decodeEntry(bytes: Uint8Array): RaftEntry {
  const reader = new ProtobufReader(bytes);
  let type = 0;
  let term = 0;
  let index = 0;
  let data: Uint8Array = new Uint8Array();
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) type = reader.number();
    else if (field === 2) term = reader.number();
    else if (field === 3) index = reader.number();
    else if (field === 4) data = reader.bytes();
    else reader.skip();
  }
  const kind = ENTRY_KINDS[type];
  if (kind === undefined) {
    throw new MalformedMessage(`an entry of type ${type}`);
  }
  return { kind, term, index, data };
}

/** What a raft node keeps across restarts: its term, its vote (a member id, 0n for none) and the last committed index. */
export interface HardState {
  readonly term: number;
  readonly vote: bigint;
  readonly commit: number;
}

/** Encodes a hard state: 1 term, 2 vote, 3 commit. */
export function encodeHardState(state: HardState): Uint8Array {
  return new ProtobufWriter().varint(1, state.term).varint(2, state.vote).varint(3, state.commit).finish();
}

/** Decodes a hard state. Throws a `MalformedMessage`. */
export function decodeHardState(bytes: Uint8Array): HardState {
  const reader = new ProtobufReader(bytes);
  let term = 0;
  let vote = 0n;
  let commit = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) term = reader.number();
    else if (field === 2) vote = reader.uint64();
    else if (field === 3) commit = reader.number();
    else reader.skip();
  }
  return { term, vote, commit };
}

/** Ids of the voters and the learners. */
export interface ConfState {
  readonly voters: readonly bigint[];
  readonly learners: readonly bigint[];
}

/** Encodes a configuration state: 1 voters, 2 learners, 5 auto_leave (never set by etcd). */
export function encodeConfState(state: ConfState): Uint8Array {
  const writer = new ProtobufWriter();
  for (const voter of state.voters) {
    writer.varint(1, voter);
  }
  for (const learner of state.learners) {
    writer.varint(2, learner);
  }
  return writer.bool(5, false).finish();
}

/** Decodes a configuration state. Throws a `MalformedMessage`. */
export function decodeConfState(bytes: Uint8Array): ConfState {
  const reader = new ProtobufReader(bytes);
  const voters: bigint[] = [];
  const learners: bigint[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) reader.repeatedUint64(voters);
    else if (field === 2) reader.repeatedUint64(learners);
    else reader.skip();
  }
  return { voters, learners };
}

/** The kind of a change of the members. */
export type ConfChangeKind = 'addNode' | 'removeNode' | 'updateNode' | 'addLearnerNode';

const CONF_CHANGE_KINDS: readonly ConfChangeKind[] = ['addNode', 'removeNode', 'updateNode', 'addLearnerNode'];

/** A change of the members, the data of a `confChange` entry. */
export interface ConfChange {
  readonly kind: ConfChangeKind;
  readonly nodeId: bigint;
  /** etcd's JSON of the member. */
  readonly context: Uint8Array;
}

/** Encodes a membership change: 1 id (etcd's request id, 0 here), 2 type, 3 node_id, 4 context. */
export function encodeConfChange(change: ConfChange): Uint8Array {
  return new ProtobufWriter()
    .varint(1, 0)
    .varint(2, CONF_CHANGE_KINDS.indexOf(change.kind))
    .varint(3, change.nodeId)
    .bytes(4, change.context)
    .finish();
}

/** Decodes a membership change. Throws a `MalformedMessage`, also for a type that etcd would not start with. */
export function decodeConfChange(bytes: Uint8Array): ConfChange {
  const reader = new ProtobufReader(bytes);
  let type = 0;
  let nodeId = 0n;
  let context: Uint8Array = new Uint8Array();
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 2) type = reader.number();
    else if (field === 3) nodeId = reader.uint64();
    else if (field === 4) context = reader.bytes();
    else reader.skip();
  }
  const kind = CONF_CHANGE_KINDS[type];
  if (kind === undefined) {
    throw new MalformedMessage(`a change of members of type ${type}`);
  }
  return { kind, nodeId, context };
}
