import { ProtobufReader } from '../../protobuf/reader.ts';

/** One message of a snapshot stream. */
export interface SnapshotResponse {
  /** Bytes of the database that follow this message; the closing hash is not counted. */
  readonly remainingBytes: number;
  readonly blob: Uint8Array;
}

/**
 * Decodes an etcdserverpb.SnapshotResponse (api/etcdserverpb/rpc.proto): 2 remaining_bytes, 3 blob.
 * The blob is a view of `bytes`. Throws a {@link MalformedMessage}.
 */
export function decodeSnapshotResponse(bytes: Uint8Array): SnapshotResponse {
  let remainingBytes = 0;
  let blob: Uint8Array = new Uint8Array(0);
  const reader = new ProtobufReader(bytes);
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 2:
        remainingBytes = reader.number();
        break;
      case 3:
        blob = reader.bytes();
        break;
      default:
        reader.skip();
    }
  }
  return { remainingBytes, blob };
}
