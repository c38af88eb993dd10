import { inspectDatabase } from '../../datadir/mvcc/inspect-database.ts';
import { createTemporaryFile } from '../../fs/temporary-file.ts';
import { DeltaRecordReader } from '../../objects/delta-record-reader.ts';
import { fetchWhole } from '../../objects/fetch.ts';
import { writeFull } from '../../objects/write-full.ts';
import { type Revision, revision } from '../../revision.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { tap } from '../../runtime/streams/tap.ts';
import { decompress } from '../../snapshot/compression.ts';
import { checkTrailingHash } from '../../snapshot/trailing-hash.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';

/** One stored snapshot and how closely to look at it. */
export interface SnapshotCheck {
  readonly store: SnapStore;
  readonly snapshot: StoredSnapshot;
  readonly level: 'hash' | 'structure';
  /** Where a database is expanded. */
  readonly tempDir: string;
  /** Called with stored bytes as they come, also with those that are read once more. */
  readonly onRead?: (bytes: number) => void;
}

/** What a snapshot that can be read holds. */
export interface SnapshotFacts {
  /** The last revision of its contents; undefined when only the hash was checked. */
  readonly lastRevision: Revision | undefined;
  /** What is wrong although its bytes are sound; undefined when nothing is. */
  readonly problem: string | undefined;
}

/**
 * Reads one snapshot. Throws SnapshotDamage, Damage or UnfitChange for what is damaged, and errors of the store and of files
 * as they are.
 */
export async function checkSnapshot(check: SnapshotCheck, context: RunContext): Promise<SnapshotFacts> {
  switch (check.level) {
    case 'hash':
      await checkHash(check, context);
      return { lastRevision: undefined, problem: undefined };
    case 'structure':
      return check.snapshot.kind === 'Full' ? await checkFull(check, context) : await checkDelta(check, context);
    default:
      return check.level satisfies never;
  }
}

const ignore = (): void => undefined;

async function checkHash({ store, snapshot, onRead = ignore }: SnapshotCheck, context: RunContext): Promise<void> {
  await fetchWhole(store, snapshot, context, async (body) => {
    await checkTrailingHash(decompress(tap(body, { onBytes: onRead }), snapshot.compression), context);
  });
}

async function checkFull(
  { store, snapshot, tempDir, onRead = ignore }: SnapshotCheck,
  context: RunContext,
): Promise<SnapshotFacts> {
  await using file = await createTemporaryFile(tempDir, 'verify', context);
  const target = { file: file.path, skipHashCheck: false, onRead };
  await writeFull({ store, full: snapshot }, target, context);
  const { lastRevision } = await inspectDatabase(file.path, { signal: context.signal, recheck: 'sample' });
  // The Go program writes databases that reach beyond their name; restores handle them.
  const problem =
    lastRevision < snapshot.lastRevision
      ? `its database ends at revision ${lastRevision}, its name says ${snapshot.lastRevision}`
      : undefined;
  return { lastRevision: revision(lastRevision), problem };
}

async function checkDelta(
  { store, snapshot, onRead = ignore }: SnapshotCheck,
  context: RunContext,
): Promise<SnapshotFacts> {
  const { startRevision, lastRevision, compression } = snapshot;
  return await fetchWhole(store, snapshot, context, async (body) => {
    const records = new DeltaRecordReader().read(decompress(tap(body, { onBytes: onRead }), compression), {
      after: startRevision - 1,
    });
    for (;;) {
      context.signal.throwIfAborted();
      const step = await records.next();
      if (step.done) {
        const last = step.value.lastRevision;
        const problem =
          last === lastRevision ? undefined : `its last event is at revision ${last}, its name says ${lastRevision}`;
        return { lastRevision: revision(last), problem };
      }
    }
  });
}
