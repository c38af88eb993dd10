import { checkDatabase } from '../../datadir/bbolt/check.ts';
import { Database } from '../../datadir/bbolt/database.ts';
import { readCompactionMarks } from '../../datadir/mvcc/compaction-marks.ts';
import { readLastRevision } from '../../datadir/mvcc/last-revision.ts';
import { leaseId } from '../../datadir/mvcc/lease-record.ts';
import { namingSnapshot } from '../../objects/snapshot-failure.ts';
import { type FullTarget, writeFull } from '../../objects/write-full.ts';
import { type Revision, revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import type { CandidateChain } from './candidate-chain.ts';
import { chooseDeltas } from './deltas/choose.ts';
import { type RestoringCommand, verbOf } from './restoring-command.ts';
import type { Selection } from './select-chain.ts';

/** A base that is complete in its file. */
export interface OpenedBase {
  readonly chain: CandidateChain;
  readonly database: Database;
  /** The last revision to use: that of its contents, or, where these go on after the wanted one, the wanted one. */
  readonly lastRevision: Revision;
  /** Whether its contents go on after that revision: what is later has to be dropped. */
  readonly isCut: boolean;
}

/**
 * Fetches and opens fulls until one leads to what is wanted; mostly the first. One that goes on after it is taken as well when its
 * history, which a compaction may have shortened, still has the wanted revision. Throws a {@link Failure}.
 */
export async function openBase(
  work: FullTarget & {
    readonly store: SnapStore;
    readonly selection: Selection;
    readonly command?: RestoringCommand | undefined;
  },
  context: RunContext,
): Promise<OpenedBase> {
  const { store, selection, file } = work;
  const { until } = selection;
  const { log } = context;
  let oldest = Number.POSITIVE_INFINITY;
  for (const { chain, otherwise } of inOrder(selection)) {
    const { base } = chain;
    log.info(
      { snapshot: base.name },
      verbOf(work.command ?? 'restore') === 'read'
        ? `Reading all of ${base.name}`
        : `Restoring from base snapshot: ${base.name}`,
    );
    const opened = await namingSnapshot(base, async () => {
      await writeFull({ store, full: base }, work, context);
      return await openDatabase(file);
    }).catch((error: unknown) => {
      if (error instanceof Failure && selection.later.includes(chain) && chain !== selection.chains[0]) {
        return error;
      }
      throw error;
    });
    if (opened instanceof Failure) {
      log.warn({ snapshot: base.name }, `${base.name} cannot be used: ${opened.message}; ${otherwise}`);
      continue;
    }
    const { database, ...found } = opened;
    if (until === undefined || found.lastRevision <= until) {
      return { chain, database, lastRevision: found.lastRevision, isCut: false };
    }
    if (found.compactRevision <= until) {
      log.info(
        { snapshot: base.name },
        `${base.name} goes on to revision ${found.lastRevision}; it is cut back to revision ${until}, which its history still has`,
      );
      return { chain, database, lastRevision: until, isCut: true };
    }
    oldest = Math.min(oldest, found.compactRevision);
    log.info(
      `${base.name} ends at revision ${found.lastRevision}, and its history begins at ${found.compactRevision}, after ${until}; ${otherwise}`,
    );
    await database[Symbol.asyncDispose]();
  }
  throw new Failure({
    code: 'no_backup',
    action: 'restore from',
    object: store.location,
    found: `no full snapshot leads to revision ${until}: all that are there end after it, and their history is compacted up to revision ${oldest}`,
    remedy: 'choose a later revision or time; see etcdbrctl list',
  });
}

/**
 * The chains in the order to try them. A later full comes first where the names say that deltas are missing on the way; the names
 * of fulls may say too little, so what seems to have a hole is tried last.
 */
function inOrder({
  chains,
  later,
  until,
}: Selection): readonly { readonly chain: CandidateChain; readonly otherwise: string }[] {
  const [first, ...others] = chains;
  const isWhole =
    until === undefined || chooseDeltas(first, { covered: first.base.lastRevision, until }).missing === undefined;
  const ordered = isWhole ? [first, ...others, ...later] : [...later, first, ...others];
  return [...new Set(ordered)].map((chain, at, all) => ({
    chain,
    otherwise: at + 1 < all.length ? 'trying another full' : 'no other full is left',
  }));
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

interface OpenedDatabase {
  readonly database: Database;
  readonly lastRevision: Revision;
  /** No earlier revision can be read. */
  readonly compactRevision: number;
}

async function openDatabase(file: string): Promise<OpenedDatabase> {
  const database = await Database.open(file);
  try {
    const { scheduled, finished } = await readCompactionMarks(database);
    const lastRevision = revision(await readLastRevision(database));
    return { database, lastRevision, compactRevision: Math.max(scheduled, finished) };
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}
