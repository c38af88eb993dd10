import { fetchWhole } from '../../objects/fetch.ts';
import { snapshotFailure } from '../../objects/snapshot-failure.ts';
import { type Revision, revision } from '../../revision.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { decompress } from '../../snapshot/compression.ts';
import { DeltaDecoder } from '../../snapshot/delta/delta-decoder.ts';
import type { EventTime } from '../../snapshot/delta/event-time.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';

/** How far the events of a delta reach up to some time. */
export interface EventsUpTo {
  /** Last revision before the first event that was seen later; undefined when that is the first of all. */
  readonly lastRevision: Revision | undefined;
  /** Whether no event was seen later. */
  readonly complete: boolean;
}

/**
 * Reads a delta for the times at which its events were seen. A transaction counts by its first event.
 * Throws a Failure when the delta is damaged.
 */
export async function eventsUpTo(
  source: { readonly store: SnapStore; readonly delta: StoredSnapshot },
  time: EventTime,
  context: RunContext,
): Promise<EventsUpTo> {
  const { store, delta } = source;
  try {
    return await fetchWhole(store, delta, context, async (body) => {
      let last = 0;
      let complete = true;
      const decoder = new DeltaDecoder();
      const take = (): void => {
        for (let row = decoder.next(); row !== undefined; row = decoder.next()) {
          complete &&= row.modRevision === last || !isLater(row, time);
          last = complete ? row.modRevision : last;
        }
      };
      for await (const bytes of decompress(body, delta.compression)) {
        decoder.feed(bytes);
        take();
      }
      decoder.end();
      take();
      return { lastRevision: last === 0 ? undefined : revision(last), complete };
    });
  } catch (error) {
    throw snapshotFailure(error, delta.name);
  }
}

function isLater(seen: EventTime, time: EventTime): boolean {
  return seen.seconds > time.seconds || (seen.seconds === time.seconds && seen.nanos > time.nanos);
}
