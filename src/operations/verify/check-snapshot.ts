import { inspectDatabase } from '../../datadir/mvcc/inspect.ts';
import { createTemporaryFile } from '../../fs/temporary-file.ts';
import { DeltaRecordReader } from '../../objects/delta-record-reader.ts';
import { fetchWhole } from '../../objects/fetch.ts';
import { writeFull } from '../../objects/write-full.ts';
import { type Revision, revision } from '../../revision.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { decompress } from '../../snapshot/compression.ts';
import { checkTrailingHash } from '../../snapshot/trailing-hash.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';

/** One object and how closely to look at it. */
export interface ObjectCheck {
  readonly store: SnapStore;
  readonly snapshot: StoredSnapshot;
  readonly level: 'hash' | 'structure';
  /** Where a database is expanded. */
  readonly tempDir: string;
}

/** What an object that can be read turned out to hold. */
export interface ObjectFacts {
  /** The real last revision; undefined when only the hash was looked at. */
  readonly lastRevision: Revision | undefined;
  /** What is wrong although its bytes are sound; undefined when nothing is. */
  readonly problem: string | undefined;
}

/**
 * Reads one object. Throws SnapshotDamage, Damage or UnfitChange for what is damaged, and errors of the store and of files
 * as they are.
 */
export async function checkObject(check: ObjectCheck, context: RunContext): Promise<ObjectFacts> {
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

async function checkHash({ store, snapshot }: ObjectCheck, context: RunContext): Promise<void> {
  await fetchWhole(store, snapshot, context, async (body) => {
    await checkTrailingHash(decompress(body, snapshot.compression), context);
  });
}

async function checkFull({ store, snapshot, tempDir }: ObjectCheck, context: RunContext): Promise<ObjectFacts> {
  await using file = await createTemporaryFile(tempDir, 'verify');
  const target = { file: file.path, skipHashCheck: false, onRead: () => undefined };
  await writeFull({ store, full: snapshot }, target, context);
  const { lastRevision } = await inspectDatabase(file.path, { signal: context.signal, recheck: 'sample' });
  // One that reaches beyond its name is what the Go program writes; restores know it.
  const problem =
    lastRevision < snapshot.lastRevision
      ? `its database ends at revision ${lastRevision}, its name says ${snapshot.lastRevision}`
      : undefined;
  return { lastRevision: revision(lastRevision), problem };
}

async function checkDelta({ store, snapshot }: ObjectCheck, context: RunContext): Promise<ObjectFacts> {
  const { startRevision, lastRevision, compression } = snapshot;
  return await fetchWhole(store, snapshot, context, async (body) => {
    const records = new DeltaRecordReader().read(decompress(body, compression), { after: startRevision - 1 });
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
