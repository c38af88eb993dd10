import { fetchWhole } from '../../objects/fetch.ts';
import { snapshotFailure } from '../../objects/snapshot-failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { decompress } from '../../snapshot/compression.ts';
import { DeltaDecoder } from '../../snapshot/delta/delta-decoder.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';

/**
 * Reads deltas for the leases whose TTL they tell, one after the other. A TTL stands behind the events it is of, in the
 * same delta or a later one, so whoever has to know beforehand has to read twice. Throws a Failure when one is damaged.
 */
export async function recordedLeaseTtls(
  source: { readonly store: SnapStore; readonly deltas: readonly StoredSnapshot[] },
  context: RunContext,
): Promise<ReadonlySet<bigint>> {
  const told = new Set<bigint>();
  for (const delta of source.deltas) {
    try {
      await fetchWhole(source.store, delta, context, async (body) => {
        const decoder = new DeltaDecoder();
        const take = (): void => {
          for (let row = decoder.next(); row !== undefined; row = decoder.next()) {
            for (const lease of row.leaseTtls?.keys() ?? []) {
              told.add(lease);
            }
          }
        };
        for await (const bytes of decompress(body, delta.compression)) {
          decoder.feed(bytes);
          take();
        }
        decoder.end();
        take();
      });
    } catch (error) {
      throw snapshotFailure(error, delta.name);
    }
  }
  return told;
}
