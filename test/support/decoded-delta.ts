import { revision } from '../../src/revision.ts';
import { DeltaDecoder } from '../../src/snapshot/delta/delta-decoder.ts';
import type { EventRow } from '../../src/snapshot/delta/event-row.ts';
import type { EventTime } from '../../src/snapshot/delta/event-time.ts';
import type { DeltaEvent } from '../../src/snapshot/delta-event.ts';

/** An event of a delta and when it was seen. */
export interface DecodedEvent {
  readonly event: DeltaEvent;
  readonly time: EventTime;
  /** TTLs told beside it, seconds by lease. */
  readonly leaseTtls: ReadonlyMap<bigint, number>;
}

/** All events of an uncompressed delta, its hash checked. */
export async function decodedDelta(source: AsyncIterable<Uint8Array>): Promise<readonly DecodedEvent[]> {
  const decoder = new DeltaDecoder();
  const events: DecodedEvent[] = [];
  const take = (): void => {
    for (let row = decoder.next(); row !== undefined; row = decoder.next()) {
      const time = { seconds: row.seconds, nanos: row.nanos };
      events.push({ event: eventOf(row), time, leaseTtls: row.leaseTtls ?? new Map() });
    }
  };
  for await (const bytes of source) {
    decoder.feed(bytes);
    take();
  }
  decoder.end();
  take();
  return events;
}

function eventOf(row: Readonly<EventRow>): DeltaEvent {
  const key = Buffer.from(row.bytes.subarray(row.keyStart, row.keyEnd));
  const modRevision = revision(row.modRevision);
  if (row.isDelete) {
    return { type: 'delete', key, modRevision };
  }
  const value = Buffer.from(row.bytes.subarray(row.valueStart, row.valueEnd));
  const createRevision = revision(row.createRevision);
  return { type: 'put', key, modRevision, value, createRevision, version: row.version, lease: row.lease };
}
