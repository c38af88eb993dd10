import { decompress } from '../../src/snapshot/compression.ts';
import type { DeltaEvent } from '../../src/snapshot/delta-event.ts';
import { inPieces } from './byte-streams.ts';
import { decodedDelta } from './decoded-delta.ts';
import { goldenObjects } from './golden-store.ts';

/** All events of the deltas of the golden backup `etcd-3.5/gzip`, revisions 59 to 122. */
export async function goldenEvents(): Promise<readonly DeltaEvent[]> {
  const events: DeltaEvent[] = [];
  for (const { bytes } of goldenObjects('etcd-3.5/gzip').filter(({ key }) => key.includes('Incr-'))) {
    const decoded = await decodedDelta(decompress(inPieces(bytes, 65_536), 'gzip'));
    events.push(...decoded.map(({ event }) => event));
  }
  return events;
}
