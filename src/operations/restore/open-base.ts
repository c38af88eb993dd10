import { checkDatabase } from '../../datadir/bbolt/check.ts';
import { Database } from '../../datadir/bbolt/database.ts';
import { readLastRevision } from '../../datadir/mvcc/last-revision.ts';
import { leaseId } from '../../datadir/mvcc/lease-record.ts';
import { namingSnapshot } from '../../objects/snapshot-failure.ts';
import { type FullTarget, writeFull } from '../../objects/write-full.ts';
import { type Revision, revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import type { CandidateChain, Selection } from './select-chain.ts';

/** A base that is complete in its file. */
export interface OpenedBase {
  readonly chain: CandidateChain;
  readonly database: Database;
  /** From its contents. */
  readonly lastRevision: Revision;
}

/** Fetches and opens fulls until one does not reach beyond what is wanted; mostly the first. Throws a {@link Failure}. */
export async function openBase(
  work: FullTarget & { readonly store: SnapStore; readonly selection: Selection },
  context: RunContext,
): Promise<OpenedBase> {
  const { store, selection, file } = work;
  const { until = Number.MAX_SAFE_INTEGER } = selection;
  for (const chain of selection.chains) {
    const { base } = chain;
    context.log.info({ snapshot: base.name }, `Restoring from base snapshot: ${base.name}`);
    const opened = await namingSnapshot(base, async () => {
      await writeFull({ store, full: base }, work, context);
      return await withLastRevision(file);
    });
    if (opened.lastRevision <= until) {
      return { chain, ...opened };
    }
    context.log.info(
      `${base.name} really ends at revision ${opened.lastRevision}, beyond ${until}; trying an older full`,
    );
    await opened.database[Symbol.asyncDispose]();
  }
  throw new Failure({
    code: 'no_backup',
    action: 'restore from',
    object: store.location,
    found: `every full snapshot reaches beyond revision ${until}`,
    remedy: 'choose a later revision or time',
  });
}

/** Checks the structure of a base, every page of it. Throws the first Damage. */
export async function checkStructure(base: Database, options: { readonly signal: AbortSignal }): Promise<void> {
  const { damages } = await checkDatabase(base, options);
  const [first] = damages;
  if (first !== undefined) {
    throw first;
  }
}

/** Ids of the leases a base knows. */
export async function knownLeases(
  base: Database,
  options: { readonly signal: AbortSignal },
): Promise<readonly bigint[]> {
  const ids: bigint[] = [];
  const bucket = await base.bucket('lease');
  for await (const leaf of bucket?.leaves(options) ?? []) {
    for (let index = 0; index < leaf.count; index++) {
      ids.push(leaseId(leaf.key(index)));
    }
  }
  return ids;
}

async function withLastRevision(file: string): Promise<Pick<OpenedBase, 'database' | 'lastRevision'>> {
  const database = await Database.open(file);
  try {
    return { database, lastRevision: revision(await readLastRevision(database)) };
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}
