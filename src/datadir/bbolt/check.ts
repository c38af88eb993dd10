import type { CheckVisitor } from './check-visitor.ts';
import { type CheckReport, CheckWalk } from './check-walk.ts';
import type { Database } from './database.ts';
import { LeafPageChecker } from './leaf-page-checker.ts';

/** How a database is checked. */
export interface CheckOptions {
  readonly signal: AbortSignal;
  readonly visitor?: CheckVisitor | undefined;
  /** Leaves that were checked together in WebAssembly and are then checked again one by one; `none` when left out. */
  readonly recheck?: 'none' | 'sample' | undefined;
}

/**
 * Walks every page in use and reports whatever contradicts the format: pages out of bounds, of a wrong kind or number,
 * used twice, used though free, neither used nor free (when the file keeps a freelist), elements outside of their page,
 * keys out of order within a page or against the branches above. The same rules as `bbolt check`. Most leaves are checked in
 * WebAssembly unless the visitor wants to see them. Throws a CheckDisagreement when the sample shows that this went wrong.
 */
export async function checkDatabase(database: Database, options: CheckOptions): Promise<CheckReport> {
  return await new CheckWalk(database, { ...options, newLeafChecker: () => new LeafPageChecker() }).run();
}
