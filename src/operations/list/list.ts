import type { RunContext } from '../../runtime/run-context.ts';
import { type Catalog, catalogOf } from '../../snapshot/catalog.ts';
import type { Histories, History } from '../../snapshot/history/histories.ts';
import type { Companion } from '../../snapstore/backups/companion-store.ts';
import type { EmptyStore, SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { chooseHistory } from '../history/choose-history.ts';

/** All backups of a store, as their names say; its chains are those of one history. */
export interface BackupCatalog extends Catalog<StoredSnapshot> {
  /** Markers separate them. */
  readonly histories: Histories<StoredSnapshot>;
  /** The one whose chains these are. */
  readonly history: History<StoredSnapshot>;
  /** Container and prefix, for messages. */
  readonly location: string;
  /** Keys of objects whose names are no snapshot's. */
  readonly ignored: readonly string[];
  /** Archives of files that belong to fulls, oldest first. */
  readonly companions: readonly Companion[];
  /** Why there is no snapshot; left out when there is one. */
  readonly empty?: EmptyStore;
}

/**
 * Lists a store and sorts the snapshots of the history that is meant, the one that was written last by default, into chains. Throws a
 * StoreError, and a Failure `no_such_history`.
 */
export async function listBackups(
  { store, history: number }: { readonly store: SnapStore; readonly history?: number | undefined },
  { signal }: Pick<RunContext, 'signal'>,
): Promise<BackupCatalog> {
  const listing = await store.list({ signal });
  const { snapshots, ignored } = listing;
  const { histories, history } = chooseHistory(listing, { number }, store.location);
  const companions = (await store.companions?.list({ signal })) ?? [];
  const empty = snapshots.length === 0 ? await store.whyEmpty?.({ signal }) : undefined;
  return {
    ...catalogOf(history.snapshots),
    histories,
    history,
    location: store.location,
    ignored,
    companions,
    ...(empty !== undefined && { empty }),
  };
}
