import { createTemporaryFile } from '../../../fs/temporary-file.ts';
import { fetchWhole } from '../../../objects/fetch.ts';
import { writeFull } from '../../../objects/write-full.ts';
import { type Revision, revision } from '../../../revision.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import { decompress } from '../../../snapshot/compression.ts';
import { DeltaDecoder } from '../../../snapshot/delta/delta-decoder.ts';
import type { EventRow } from '../../../snapshot/delta/event-row.ts';
import type { DeltaEvent } from '../../../snapshot/delta-event.ts';
import { type RevisionProof, RevisionProofBuilder } from '../../../snapshot/history/revision-proof.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';
import { lastProofInDatabase } from './database-proof.ts';

/** The events of each revision from `from` on that a stored delta holds, in order. Throws SnapshotDamage and StoreError. */
export async function proofsInDelta(
  {
    store,
    delta,
    from,
    isWanted = () => true,
  }: {
    readonly store: SnapStore;
    readonly delta: StoredSnapshot;
    readonly from: Revision;
    /** Left out, all of them. */
    readonly isWanted?: (revision: number) => boolean;
  },
  context: RunContext,
): Promise<readonly RevisionProof[]> {
  return await fetchWhole(store, delta, context, async (body) => {
    const proofs: RevisionProof[] = [];
    const decoder = new DeltaDecoder();
    let at: number | undefined;
    let builder: RevisionProofBuilder | undefined;
    const take = (): void => {
      for (let row = decoder.next(); row !== undefined; row = decoder.next()) {
        if (row.modRevision < from || !isWanted(row.modRevision)) {
          continue;
        }
        if (builder === undefined || row.modRevision !== at) {
          if (builder !== undefined) {
            proofs.push(builder.proof());
          }
          at = row.modRevision;
          builder = new RevisionProofBuilder(revision(row.modRevision));
        }
        builder.add(eventOf(row));
      }
    };
    for await (const bytes of decompress(body, delta.compression)) {
      decoder.feed(bytes);
      take();
    }
    decoder.end();
    take();
    return builder === undefined ? proofs : [...proofs, builder.proof()];
  });
}

/** The events of the last revision of which a stored snapshot has some; undefined when it holds none. Throws SnapshotDamage, Damage and StoreError. */
export async function proofOfSnapshot(
  {
    store,
    snapshot,
    tempDir,
  }: { readonly store: SnapStore; readonly snapshot: StoredSnapshot; readonly tempDir: string },
  context: RunContext,
): Promise<RevisionProof | undefined> {
  if (snapshot.kind === 'Incr') {
    return (await proofsInDelta({ store, delta: snapshot, from: snapshot.lastRevision }, context)).at(-1);
  }
  return await readFull({ store, full: snapshot, tempDir }, (path) => lastProofInDatabase(path, context), context);
}

/** What `read` finds in the database of a full, which lies in a file meanwhile. Throws SnapshotDamage, StoreError and what `read` throws. */
export async function readFull<T>(
  { store, full, tempDir }: { readonly store: SnapStore; readonly full: StoredSnapshot; readonly tempDir: string },
  read: (path: string) => Promise<T>,
  context: RunContext,
): Promise<T> {
  await using file = await createTemporaryFile(tempDir, 'compared', context);
  await writeFull({ store, full }, { file: file.path, skipHashCheck: false, onRead: () => {} }, context);
  return await read(file.path);
}

/** A row as the event that it tells; its bytes are those of the row. */
export function eventOf(row: Readonly<EventRow>): DeltaEvent {
  const { bytes, version, lease } = row;
  const key = bytes.subarray(row.keyStart, row.keyEnd);
  const modRevision = revision(row.modRevision);
  if (row.isDelete) {
    return { type: 'delete', key, modRevision };
  }
  const value = bytes.subarray(row.valueStart, row.valueEnd);
  return { type: 'put', key, modRevision, value, createRevision: revision(row.createRevision), version, lease };
}
