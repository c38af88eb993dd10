import { ProtobufReader } from '../../protobuf/reader.ts';
import { type Revision, revision } from '../../revision.ts';
import { foreignText } from '../../runtime/log/cut-text.ts';
import type { DeltaEvent } from '../../snapshot/delta-event.ts';
import { readWatchEvent } from './watch-event.ts';

/** Cluster and revision of the member that answers. */
export interface ResponseHeader {
  readonly clusterId: bigint;
  /** Newest revision of the member when it made the message; the events of the message may be older. */
  readonly storeRevision: Revision;
  /** 0 where the member does not say it. */
  readonly raftTerm: bigint;
}

/** One message of a watch stream. */
export interface WatchResponse {
  /** Decoded only in messages without events: with events it is not needed. */
  readonly header: ResponseHeader | undefined;
  /** The member has accepted the watch; such a message has no events. */
  readonly created: boolean;
  /** The member has ended the watch, because of `cancelReason` or `compactRevision`. */
  readonly canceled: boolean;
  /** The oldest revision that exists; only when the watch was to begin before it. */
  readonly compactRevision: Revision | undefined;
  readonly cancelReason: string;
  /** More events of the same revision may follow in the next message. */
  readonly fragment: boolean;
  readonly events: readonly DeltaEvent[];
}

/**
 * Decodes an etcdserverpb.WatchResponse (api/etcdserverpb/rpc.proto): 1 header, 3 created, 4 canceled,
 * 5 compact_revision, 6 cancel_reason, 7 fragment, 11 events. Keys and values are views of `bytes`.
 * Throws a {@link MalformedMessage}.
 */
export function decodeWatchResponse(bytes: Uint8Array): WatchResponse {
  let header: ProtobufReader | undefined;
  let created = false;
  let canceled = false;
  let compactRevision = 0;
  let cancelReason = '';
  let fragment = false;
  const events: DeltaEvent[] = [];
  const reader = new ProtobufReader(bytes);
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        header = reader.message();
        break;
      case 3:
        created = reader.boolean();
        break;
      case 4:
        canceled = reader.boolean();
        break;
      case 5:
        compactRevision = reader.number();
        break;
      case 6:
        cancelReason = foreignText(reader.text());
        break;
      case 7:
        fragment = reader.boolean();
        break;
      case 11:
        events.push(readWatchEvent(reader.message()));
        break;
      default:
        reader.skip();
    }
  }
  return {
    header: header !== undefined && events.length === 0 ? readHeader(header) : undefined,
    created,
    canceled,
    compactRevision: compactRevision === 0 ? undefined : revision(compactRevision),
    cancelReason,
    fragment,
    events,
  };
}

/** etcdserverpb.ResponseHeader: 1 cluster_id, 2 member_id, 3 revision, 4 raft_term. */
function readHeader(reader: ProtobufReader): ResponseHeader {
  let clusterId = 0n;
  let storeRevision = revision(0);
  let raftTerm = 0n;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        clusterId = reader.uint64();
        break;
      case 3: {
        // In the answer to a refused watch etcd 3.4 writes -1 for "none".
        const value = reader.int64();
        storeRevision = revision(value < 0n ? 0 : Number(value));
        break;
      }
      case 4:
        raftTerm = reader.uint64();
        break;
      default:
        reader.skip();
    }
  }
  return { clusterId, storeRevision, raftTerm };
}
