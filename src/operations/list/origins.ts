import { factsOfFull } from '../../objects/full-facts.ts';
import { eachInParallel } from '../../runtime/async/each-in-parallel.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { FullFacts } from '../../snapshot/key-index/facts.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import type { BackupCatalog } from './list.ts';

/** Most fulls that are read, the newest ones. */
const MOST_FULLS = 100;
const AT_ONCE = 8;

/** Where the fulls of a catalog come from, as far as they say, by their keys. One short read for each. */
export async function originsOf(
  { store, catalog }: { readonly store: SnapStore; readonly catalog: BackupCatalog },
  context: RunContext,
): Promise<ReadonlyMap<string, FullFacts>> {
  const fulls = catalog.chains.flatMap(({ base }) => (base === undefined ? [] : [base])).slice(-MOST_FULLS);
  const origins = new Map<string, FullFacts>();
  await eachInParallel(fulls, AT_ONCE, async (full) => {
    const facts = await factsOfFull({ store, full }, context);
    if (facts !== undefined) {
      origins.set(full.key, facts);
    }
  });
  return origins;
}
