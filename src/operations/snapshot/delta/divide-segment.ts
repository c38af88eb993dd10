import type { Revision } from '../../../revision.ts';
import { DeltaDecoder } from '../../../snapshot/delta/delta-decoder.ts';
import { DeltaEncoder } from '../../../snapshot/delta/delta-encoder.ts';
import { eventOf } from '../history/snapshot-proof.ts';
import { DeltaSegment, type WaitingDelta } from './segment.ts';

/**
 * Two segments, in memory, with the events of one up to a revision, and those after it. Each records the TTLs of its leases: the one ends
 * a chain, the other begins the next. Throws when the bytes cannot be read.
 */
export async function divideSegment(
  segment: WaitingDelta,
  at: Revision,
): Promise<readonly [before: DeltaSegment, after: DeltaSegment]> {
  const before = new DeltaEncoder();
  const after = new DeltaEncoder();
  const decoder = new DeltaDecoder();
  const take = (): void => {
    for (let row = decoder.next(); row !== undefined; row = decoder.next()) {
      const half = row.modRevision <= at ? before : after;
      half.append(eventOf(row), { seconds: row.seconds, nanos: row.nanos });
      for (const [lease, ttlSeconds] of row.leaseTtls ?? []) {
        before.recordLeaseTtl(lease, ttlSeconds);
        after.recordLeaseTtl(lease, ttlSeconds);
      }
    }
  };
  for await (const bytes of segment.read()) {
    decoder.feed(bytes);
    take();
  }
  decoder.end();
  take();
  return [closed(before), closed(after)];
}

function closed(encoder: DeltaEncoder): DeltaSegment {
  const { firstRevision, lastRevision, count, keys } = encoder;
  return new DeltaSegment({ firstRevision, lastRevision, count, keys, chunks: encoder.finish() });
}
