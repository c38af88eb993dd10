import { fetchWhole } from '../../objects/fetch.ts';
import { snapshotFailure } from '../../objects/snapshot-failure.ts';
import { Int64Set } from '../../runtime/int64-set.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { decompress } from '../../snapshot/compression.ts';
import { DeltaDecoder } from '../../snapshot/delta/delta-decoder.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';

/**
 * Reads deltas, one after the other, for the leases whose TTLs they record. A TTL comes after the events of its lease, in the
 * same delta or a later one, so it can be known beforehand only by reading twice. Throws a Failure when one is damaged.
 */
export async function recordedLeaseTtls(
  source: { readonly store: SnapStore; readonly deltas: readonly StoredSnapshot[] },
  context: RunContext,
): Promise<Int64Set> {
  const recorded = new Int64Set();
  for (const delta of source.deltas) {
    try {
      const found = await fetchWhole(source.store, delta, context, async (body) => {
        const leases = new Int64Set();
        const decoder = new DeltaDecoder();
        const take = (): void => {
          for (let row = decoder.next(); row !== undefined; row = decoder.next()) {
            for (const [lease] of row.leaseTtls ?? []) {
              leases.add(lease);
            }
          }
        };
        for await (const bytes of decompress(body, delta.compression)) {
          decoder.feed(bytes);
          take();
        }
        decoder.end();
        take();
        return leases;
      });
      for (const lease of found) {
        recorded.add(lease);
      }
    } catch (error) {
      throw snapshotFailure(error, delta.name);
    }
  }
  return recorded;
}
