import { Int64Set } from '../../runtime/int64-set.ts';
import type { Database } from '../bbolt/database.ts';
import { historyLeaves, noChange } from './history-leaves.ts';
import { keptRecords } from './kept-records.ts';
import { decodeKeyValue } from './key-value.ts';

/**
 * Leases of the keys that lived at `revision`. The history is read twice; memory holds the names of the keys. Throws `Damage` for a
 * record that is no change of a key.
 */
export async function leasesInUse(
  database: Database,
  options: { readonly revision: number; readonly signal: AbortSignal },
): Promise<Int64Set> {
  const kept = await keptRecords(database, options);
  const leases = new Int64Set();
  let place = 0;
  for await (const leaves of historyLeaves(database, options)) {
    for (const leaf of leaves) {
      for (let index = 0; index < leaf.count; index++) {
        if (kept.has(place++)) {
          const record = decodeKeyValue(leaf.page.bytes, leaf.valueStart(index), leaf.valueEnd(index));
          if (record === undefined) {
            throw noChange(leaf, index);
          }
          leases.add(record.lease);
        }
      }
    }
  }
  leases.delete(0n);
  return leases;
}
