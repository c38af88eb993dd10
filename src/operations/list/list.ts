import type { RunContext } from '../../runtime/run-context.ts';
import { type Catalog, catalogOf } from '../../snapshot/catalog.ts';
import { type Histories, historiesOf } from '../../snapshot/history/histories.ts';
import type { Companion } from '../../snapstore/backups/companion-store.ts';
import type { EmptyStore, SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';

/** All backups of a store, as their names tell; its chains are those of the history that was written last. */
export interface BackupCatalog extends Catalog<StoredSnapshot> {
  /** Markers tell them apart. */
  readonly histories: Histories<StoredSnapshot>;
  /** Container and prefix, for messages. */
  readonly location: string;
  /** Keys of objects whose names are no snapshot's. */
  readonly ignored: readonly string[];
  /** Archives of files that belong to fulls, oldest first. */
  readonly companions: readonly Companion[];
  /** Why there is no snapshot; left out when there is one. */
  readonly empty?: EmptyStore;
}

/** Lists a store and sorts its snapshots into chains. Throws a StoreError. */
export async function listBackups(store: SnapStore, { signal }: Pick<RunContext, 'signal'>): Promise<BackupCatalog> {
  const { snapshots, markers, ignored } = await store.list({ signal });
  const histories = historiesOf(snapshots, markers);
  const companions = (await store.companions?.list({ signal })) ?? [];
  const empty = snapshots.length === 0 ? await store.whyEmpty?.({ signal }) : undefined;
  return {
    ...catalogOf(histories.living.snapshots),
    histories,
    location: store.location,
    ignored,
    companions,
    ...(empty !== undefined && { empty }),
  };
}
