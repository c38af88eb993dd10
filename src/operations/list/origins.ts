import { factsOfFull } from '../../objects/full-facts.ts';
import { deadlineIn } from '../../runtime/async/deadline.ts';
import { eachInParallel } from '../../runtime/async/each-in-parallel.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { FullFacts } from '../../snapshot/key-index/facts.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import type { BackupCatalog } from './list.ts';

/** Most fulls that are read, the newest ones. */
const MOST_FULLS = 100;
const AT_ONCE = 8;

/** How long is waited for it: a listing that is there is of use without it, ms. */
const PATIENCE_MS = 10_000;

/**
 * Where the fulls of a catalog come from, as far as they say, by their keys. One short read for each; what a store that is not well does not
 * give in ten seconds is left out.
 */
export async function originsOf(
  { store, catalog }: { readonly store: SnapStore; readonly catalog: BackupCatalog },
  context: RunContext,
): Promise<ReadonlyMap<string, FullFacts>> {
  const fulls = catalog.chains.flatMap(({ base }) => (base === undefined ? [] : [base])).slice(-MOST_FULLS);
  const origins = new Map<string, FullFacts>();
  using deadline = deadlineIn(PATIENCE_MS, context);
  const { signal } = deadline;
  const read = eachInParallel(fulls, AT_ONCE, async (full) => {
    const facts = await factsOfFull({ store, full }, { ...context, signal });
    if (facts !== undefined) {
      origins.set(full.key, facts);
    }
  });
  await deadline.bound(read).catch((error: unknown) => {
    context.signal.throwIfAborted();
    if (!deadline.isOver) {
      throw error;
    }
    context.log.warn('The store does not give what fulls say of where they come from; it is left out');
  });
  return origins;
}
