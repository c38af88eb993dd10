import { RangedObject } from '../../objects/ranged-object.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { MEMBER_HEADER_SIZE, memberLength } from '../../snapshot/compression/member-header.ts';
import type { Packing } from '../../snapshot/packing.ts';
import type { SnapStore, StoredSnapshot, StoreListing } from '../../snapstore/snapstore.ts';

/**
 * Warns when what will be written cannot be read by etcd-backup-restore, and the newest object of the store may be of it. It is not when it
 * is encrypted, compressed with zstd, or of gzip members that state their lengths, which only this program writes. That costs one read of
 * 20 bytes; when the read fails, there is no warning, and no failure.
 */
export async function warnOfOtherReaders(
  { store, packing }: { readonly store: SnapStore; readonly packing: Packing },
  { snapshots }: StoreListing,
  context: RunContext,
): Promise<void> {
  const flag =
    packing.recipients !== undefined
      ? '--encrypt-to'
      : packing.compression === 'zstd'
        ? '--compression-policy zstd'
        : undefined;
  const newest = newestOf(snapshots);
  if (flag === undefined || newest === undefined || !(await mayBeForeign({ store, snapshot: newest }, context))) {
    return;
  }
  context.log.warn(
    { snapshot: newest.name, flag },
    `${newest.name}, the newest object of ${store.location}, may be of etcd-backup-restore, which cannot restore what is written with ${flag}: ` +
      'when it still reads or writes there, give this program another --store-prefix',
  );
}

function newestOf(snapshots: readonly StoredSnapshot[]): StoredSnapshot | undefined {
  return snapshots
    .filter(({ chunk, ahead }) => chunk === undefined && ahead === undefined)
    .reduce<StoredSnapshot | undefined>(
      (newest, each) => (newest === undefined || each.createdOn >= newest.createdOn ? each : newest),
      undefined,
    );
}

async function mayBeForeign(
  source: { readonly store: SnapStore; readonly snapshot: StoredSnapshot },
  context: RunContext,
): Promise<boolean> {
  const { snapshot } = source;
  if (snapshot.encryption !== undefined || snapshot.compression === 'zstd') {
    return false;
  }
  if (snapshot.compression !== 'gzip' || snapshot.size < MEMBER_HEADER_SIZE) {
    return true;
  }
  try {
    return memberLength(await new RangedObject(source, context).bytes(0, MEMBER_HEADER_SIZE)) === undefined;
  } catch (error) {
    context.signal.throwIfAborted();
    context.log.debug({ error }, `Who wrote ${snapshot.name} was not found out: ${error}`);
    return false;
  }
}
