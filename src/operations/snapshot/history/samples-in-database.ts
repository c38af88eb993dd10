import { Database } from '../../../datadir/bbolt/database.ts';
import { readCompactionMarks } from '../../../datadir/mvcc/compaction-marks.ts';
import { readLastRevision } from '../../../datadir/mvcc/last-revision.ts';
import { firstChangeFrom } from '../../../datadir/mvcc/nearest-change.ts';
import type { Revision } from '../../../revision.ts';
import { compareThen, type EventSample, sampleOf } from '../../../snapshot/history/event-sample.ts';
import { eventsAt } from './database-proof.ts';

/** So many records are looked at for one that can be a sample. */
const MOST_TRIES = 8;

/**
 * Some writes that the database in the file at `path` holds: the oldest that is left, and those after a half and three quarters of its
 * revisions. Reads few pages. Throws Damage.
 */
export async function samplesInDatabase(
  path: string,
  options: { readonly signal: AbortSignal },
): Promise<readonly EventSample[]> {
  await using database = await Database.open(path);
  const last = await readLastRevision(database);
  const samples = new Map<number, EventSample>();
  for (const part of [0, 0.5, 0.75]) {
    const sample = await sampleFrom(database, Math.floor(last * part), options);
    if (sample !== undefined) {
      samples.set(sample.revision, sample);
    }
  }
  return [...samples.values()];
}

async function sampleFrom(
  database: Database,
  from: number,
  options: { readonly signal: AbortSignal },
): Promise<EventSample | undefined> {
  let at = from;
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const next = await firstChangeFrom(database, at, options);
    if (next === undefined) {
      return undefined;
    }
    for await (const event of eventsAt(database, next.main, options)) {
      const sample = event.type === 'put' ? sampleOf(event) : undefined;
      if (sample !== undefined) {
        return sample;
      }
    }
    at = next.main + 1;
  }
  return undefined;
}

/**
 * The first revision of which the database in the file at `path` shows a sample otherwise; undefined when it shows none. What a compaction
 * may have removed proves nothing. Throws Damage.
 */
export async function firstDifference(
  path: string,
  samples: readonly EventSample[],
  options: { readonly signal: AbortSignal },
): Promise<Revision | undefined> {
  await using database = await Database.open(path);
  const { scheduled, finished } = await readCompactionMarks(database);
  const compacted = Math.max(scheduled, finished);
  const last = await readLastRevision(database);
  const differs = async (sample: EventSample): Promise<boolean> => {
    for await (const event of eventsAt(database, sample.revision, options)) {
      if (event.type === 'put' && Buffer.compare(event.key, sample.key) === 0) {
        return compareThen(sample, event) === 'different';
      }
    }
    return sample.revision > compacted;
  };
  for (const sample of samples.toSorted((a, b) => a.revision - b.revision)) {
    if (sample.revision <= last && (await differs(sample))) {
      return sample.revision;
    }
  }
  return undefined;
}
