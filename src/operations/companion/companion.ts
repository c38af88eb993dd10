import { Failure } from '../../runtime/failure.ts';
import { limits } from '../../runtime/limits.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { compress, decompress } from '../../snapshot/compression.ts';
import { CompressionDamage } from '../../snapshot/damage.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { Companion, CompanionStore } from '../../snapstore/backups/companion-store.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import { ArchiveDamage } from './archive-damage.ts';
import { packFiles } from './pack.ts';
import { unpackFiles } from './unpack.ts';

/** The most that an archive has, bytes; it decides how an upload is divided. */
const sizeBound = limits.companionArchive.most;

/** Stores an archive of `paths` next to a full, and deletes the oldest archives beyond `keep`. */
export async function saveCompanion(
  request: {
    readonly store: SnapStore;
    readonly full: Snapshot;
    readonly paths: readonly string[];
    /** How many archives stay. */
    readonly keep: number;
  },
  { signal, log }: RunContext,
): Promise<Companion> {
  const companions = companionsOf(request.store);
  const archive = (): AsyncIterable<Uint8Array> => compress(packFiles(request.paths, { signal, log }), 'gzip');
  const saved = await companions.save(request.full, archive(), { signal, sizeBound, again: archive });
  log.info({ bytes: saved.size }, `Successfully saved companion at: ${saved.key}`);
  const all = await companions.list({ signal });
  for (const old of all.slice(0, Math.max(0, all.length - request.keep))) {
    try {
      await companions.delete(old, { signal });
      log.info(`Deleted old companion: ${old.key}`);
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ error }, `Failed to delete old companion ${old.key}: ${error}`);
    }
  }
  return saved;
}

/** Files that were brought back. */
export interface RestoredCompanion {
  readonly companion: string;
  readonly directory: string;
  /** Files and links. */
  readonly files: number;
}

/**
 * Unpacks the archive that belongs to a full into a directory, or the newest when it has none of its own.
 * Throws a Failure `companion_missing` when there is none, `companion_damaged` when it is not whole.
 */
export async function restoreCompanion(
  request: {
    readonly store: SnapStore;
    /** Name of the full that was restored. */
    readonly fullName: string | undefined;
    readonly directory: string;
    /** Only root can give files to others. */
    readonly owners: 'kept' | 'ours';
  },
  { signal, log }: RunContext,
): Promise<RestoredCompanion> {
  const { store, fullName, directory, owners } = request;
  const companions = companionsOf(store);
  const all = await companions.list({ signal });
  const [, , revision, seconds] = fullName?.split(/[-.]/) ?? [];
  const own = all.findLast(
    ({ lastRevision, createdOn }) => lastRevision === Number(revision) && createdOn === Number(seconds),
  );
  const companion = own ?? all.at(-1);
  if (companion === undefined) {
    throw new Failure({
      code: 'companion_missing',
      action: 'bring back the companion files from',
      object: store.location,
      found: 'no companion is stored there',
      remedy: 'take snapshots with --once --include, or leave --companions out',
    });
  }
  if (own === undefined) {
    log.warn(`The restored full has no companion of its own; taking the newest, ${companion.name}`);
  }
  try {
    const stored = await companions.fetch(companion, { signal });
    const files = await unpackFiles(decompress(stored, 'gzip'), directory, { owners });
    return { companion: companion.name, directory, files };
  } catch (error) {
    if (error instanceof ArchiveDamage || error instanceof CompressionDamage) {
      throw new Failure({
        code: 'companion_damaged',
        action: 'unpack',
        object: companion.key,
        found: error.message,
        remedy: `delete this object and what is in ${directory}, and try again with an older one`,
        cause: error,
      });
    }
    throw error;
  }
}

function companionsOf({ companions, location }: SnapStore): CompanionStore {
  if (companions === undefined) {
    throw new Failure({
      code: 'companion_missing',
      action: 'keep companions in',
      object: location,
      found: 'it holds one snapshot only',
    });
  }
  return companions;
}
