import { limits } from '../../runtime/limits.ts';
import { EtcdFailure } from '../etcd-failure.ts';
import type { SnapshotResponse } from './snapshot-response.ts';

/** Bytes of the SHA-256 that closes a snapshot stream. */
const hashLength = limits.snapshotSurplus.most;

/** What is needed apart from the messages of the stream. */
export interface SnapshotStreamOptions {
  /** For messages: the member's URL. */
  readonly endpoint: string;
  /** Called once, before the first bytes, with the size of the whole stream in bytes, hash included, and the endpoint. */
  readonly onSize?: ((bytes: number, endpoint: string) => void) | undefined;
}

/**
 * The bytes of a snapshot stream, the database and then its 32-byte hash, checked against what the member announces in
 * each message (etcd's api/v3rpc/maintenance.go). Throws an {@link EtcdFailure}
 * `etcd_snapshot_incomplete` when bytes are missing or too many, or when the hash is not there; too many are refused as soon
 * as they come.
 */
export async function* verifiedSnapshotBytes(
  bundles: AsyncIterable<readonly SnapshotResponse[]>,
  { endpoint, onSize }: SnapshotStreamOptions,
): AsyncGenerator<Uint8Array> {
  let total: number | undefined;
  let received = 0;
  const refuse = (found: string): EtcdFailure =>
    new EtcdFailure({
      code: 'etcd_snapshot_incomplete',
      action: 'trust the snapshot stream of',
      object: endpoint,
      found,
      remedy: 'try again; if it happens again, look into the log of that member',
    });
  for await (const bundle of bundles) {
    for (const { remainingBytes, blob } of bundle) {
      if (total === undefined) {
        total = remainingBytes + blob.length;
        onSize?.(total + hashLength, endpoint);
      }
      received += blob.length;
      if (remainingBytes !== Math.max(0, total - received)) {
        throw refuse(`after ${received} bytes of ${total} it announces ${remainingBytes} more`);
      }
      if (received > total + hashLength) {
        throw refuse(tooMany(received - total));
      }
      if (blob.length > 0) {
        yield blob;
      }
    }
  }
  if (total === undefined || received < total) {
    throw refuse(`it ended after ${received} bytes of ${total ?? 'an unknown size'}`);
  }
  if (received !== total + hashLength) {
    throw refuse(received === total ? 'it ended without the hash of the database' : tooMany(received - total));
  }
}

function tooMany(bytes: number): string {
  return `${bytes} bytes follow the database instead of the ${hashLength} of a hash`;
}
