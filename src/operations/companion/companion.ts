import { Failure } from '../../runtime/failure.ts';
import { limits } from '../../runtime/limits.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { decompress } from '../../snapshot/compression.ts';
import { SnapshotDamage } from '../../snapshot/damage.ts';
import type { Recipients } from '../../snapshot/encryption/recipients.ts';
import { type Packing, pack, packingInName } from '../../snapshot/packing.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { Companion, CompanionStore } from '../../snapstore/backups/companion-store.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import { stayedError } from '../../snapstore/stayed-error.ts';
import { StoreError } from '../../snapstore/store-error.ts';
import { refuseMisplacedDirectory } from '../restore/refuse-misplaced-directory.ts';
import { ArchiveDamage } from './archive-damage.ts';
import { packFiles } from './pack.ts';
import { readAgain } from './read-companion.ts';
import { StagedCompanion } from './staged-companion.ts';
import { unpackFiles } from './unpack.ts';

/** The most that an archive has, bytes; it decides how an upload is divided. */
const sizeBound = limits.companionArchive.most;

/** A companion that was stored. */
export interface SavedCompanion extends Companion {
  /** Keys of older ones that were to go and could not be deleted. */
  readonly undeleted: readonly string[];
}

/** Stores an archive of `paths` next to a full, and deletes the oldest archives beyond `keep`. */
export async function saveCompanion(
  request: {
    readonly store: SnapStore;
    readonly full: Snapshot;
    readonly paths: readonly string[];
    /** How many archives stay. */
    readonly keep: number;
    /** Who can read it; undefined for everyone. */
    readonly recipients?: Recipients | undefined;
  },
  { signal, log }: RunContext,
): Promise<SavedCompanion> {
  const companions = companionsOf(request.store);
  const undeleted: string[] = [];
  const packing: Packing = { compression: 'gzip', recipients: request.recipients };
  const { encryption } = packingInName(packing);
  const archive = (): AsyncIterable<Uint8Array> => pack(packFiles(request.paths, { signal, log }), packing);
  const saved = await companions.save({ ...request.full, encryption }, archive(), {
    signal,
    sizeBound,
    again: archive,
  });
  log.info({ bytes: saved.size }, `Successfully saved companion at: ${saved.key}`);
  const all = await companions.list({ signal });
  for (const old of all.slice(0, Math.max(0, all.length - request.keep))) {
    try {
      await companions.delete(old, { signal });
      if (await isStillThere(old, companions, signal)) {
        throw stayedError('immutable', `${old.key} from ${request.store.location}`);
      }
      log.info(`Deleted old companion: ${old.key}`);
    } catch (error) {
      signal.throwIfAborted();
      undeleted.push(old.key);
      log.warn({ error }, `Failed to delete old companion ${old.key}: ${error}`);
    }
  }
  return { ...saved, undeleted };
}

/** Whether a companion is there after its deletion. A listing may be older than that: of what is gone the store says so. */
async function isStillThere(old: Companion, companions: CompanionStore, signal: AbortSignal): Promise<boolean> {
  const listed = await companions.list({ signal });
  if (!listed.some(({ key }) => key === old.key)) {
    return false;
  }
  try {
    await companions.delete(old, { signal });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    return !(error instanceof StoreError && error.kind === 'not_found');
  }
}

/**
 * Reads everything that {@link saveCompanion} will store, before there is anything to lose. Throws a Failure `companion_unreadable`
 * that names the path.
 */
export async function checkIncluded(paths: readonly string[], { signal, log }: RunContext): Promise<void> {
  for await (const _bytes of packFiles(paths, { signal, log })) {
    // Packing finds what cannot be read.
  }
}

/** Files that were unpacked. */
export interface RestoredCompanion {
  readonly companion: string;
  readonly directory: string;
  /** Files and links. */
  readonly files: number;
}

/** What is asked of companions in a restore. */
export interface CompanionRequest {
  readonly store: SnapStore;
  readonly directory: string;
  /** Only root can give files to others. */
  readonly owners: 'kept' | 'ours';
}

/** An archive that is unpacked and whole, and not in its place yet. Disposing removes it unless it was put there. */
export interface PreparedCompanion extends AsyncDisposable {
  /**
   * Puts the files in their place. When the full that was restored in the end is another than the one they were prepared for, its own
   * companion is taken. Throws a Failure as {@link prepareCompanion}.
   */
  bringBack(fullName: string | undefined): Promise<RestoredCompanion>;
}

/**
 * Unpacks the archive that belongs to a full next to where it is wanted, or the newest when it has none of its own: before a restore
 * begins, so that what is wrong with it is known then. Throws a Failure: `companion_missing` when there is none,
 * `companion_damaged` when it is not whole, `companion_target` when the directory holds something.
 */
export async function prepareCompanion(
  request: CompanionRequest & {
    /** Name of the full that will be restored. */
    readonly fullName: string | undefined;
  },
  context: RunContext,
): Promise<PreparedCompanion> {
  const { store, directory } = request;
  await refuseMisplacedDirectory({ store, directory, flag: '--companions', action: 'unpack companions into' }, context);
  await using held = new AsyncDisposableStack();
  const first = await stageOne(request, request.fullName, context);
  held.use(first.staged);
  const owned = held.move();
  return {
    async bringBack(fullName) {
      if ((await choose(request.store, fullName, context)).companion.key === first.companion.key) {
        return await publish(first);
      }
      await owned.disposeAsync();
      const other = await stageOne(request, fullName, context);
      await using _staged = other.staged;
      return await publish(other);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

interface StagedFiles {
  readonly companion: Companion;
  readonly staged: StagedCompanion;
  readonly files: number;
}

async function publish({ companion, staged, files }: StagedFiles): Promise<RestoredCompanion> {
  await staged.publish();
  return { companion: companion.name, directory: staged.directory, files };
}

async function stageOne(
  { store, directory, owners }: CompanionRequest,
  fullName: string | undefined,
  context: RunContext,
): Promise<StagedFiles> {
  const { companion, isOwn } = await choose(store, fullName, context);
  if (!isOwn) {
    context.log.warn(`The restored full has no companion of its own; taking the newest, ${companion.name}`);
  }
  const attempt = async (): Promise<StagedFiles> => {
    await using held = new AsyncDisposableStack();
    const staged = held.use(await StagedCompanion.begin(directory));
    const files = await unpack({ store, companion, staged, owners }, context);
    held.move();
    return { companion, staged, files };
  };
  return await readAgain(attempt, companion, context);
}

async function unpack(
  work: {
    readonly store: SnapStore;
    readonly companion: Companion;
    readonly staged: StagedCompanion;
    readonly owners: CompanionRequest['owners'];
  },
  { signal }: RunContext,
): Promise<number> {
  const { store, companion, staged, owners } = work;
  try {
    const stored = await companionsOf(store).fetch(companion, { signal });
    return await unpackFiles(decompress(stored, 'gzip'), staged.files, { owners, signal, name: staged.directory });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ArchiveDamage || error instanceof SnapshotDamage) {
      throw new Failure({
        code: 'companion_damaged',
        action: 'unpack',
        object: companion.key,
        found: error.message,
        remedy: 'restore without --companions, or an older full with its companion (--snapshot)',
        cause: error,
      });
    }
    throw error;
  }
}

/** The companion of a full, or the newest. */
async function choose(
  store: SnapStore,
  fullName: string | undefined,
  { signal }: RunContext,
): Promise<{ readonly companion: Companion; readonly isOwn: boolean }> {
  const all = await companionsOf(store).list({ signal });
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
  return { companion, isOwn: own !== undefined };
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
