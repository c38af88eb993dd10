import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import type { Finding } from './findings.ts';

/** Which of these snapshots the store does not list any more. */
export async function deletedMeanwhile(
  snapshots: Iterable<StoredSnapshot>,
  store: Pick<SnapStore, 'list'>,
  { signal }: Pick<RunContext, 'signal'>,
): Promise<ReadonlySet<StoredSnapshot>> {
  const suspects = [...snapshots];
  if (suspects.length === 0) {
    return new Set();
  }
  const listing = await store.list({ signal });
  const listed = new Set(listing.snapshots.map(({ key }) => key));
  return new Set(suspects.filter(({ key }) => !listed.has(key)));
}

/**
 * What it means that snapshots were not there when they were read. A backup that goes on deletes what its retention does not keep; `newest`
 * is the chain that this never touches.
 */
export function findingsOfGone(
  gone: ReadonlySet<StoredSnapshot>,
  {
    deleted,
    newest,
  }: { readonly deleted: ReadonlySet<StoredSnapshot>; readonly newest: ReadonlySet<StoredSnapshot | undefined> },
): readonly Finding[] {
  return [...gone].map((snapshot): Finding => {
    const { name } = snapshot;
    if (!deleted.has(snapshot)) {
      return { weight: 'problem', snapshot: name, text: 'it is listed, and is not there' };
    }
    return newest.has(snapshot)
      ? { weight: 'problem', snapshot: name, text: 'it was deleted meanwhile' }
      : { weight: 'note', snapshot: name, text: 'it was deleted meanwhile, as the retention of a running backup does' };
  });
}
