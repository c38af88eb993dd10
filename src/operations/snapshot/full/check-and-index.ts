import { writeSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { Database } from '../../../datadir/bbolt/database.ts';
import { readCompactionMarks } from '../../../datadir/mvcc/compaction-marks.ts';
import { type DatabaseFacts, inspectDatabase } from '../../../datadir/mvcc/inspect-database.ts';
import { readRaftPosition } from '../../../datadir/mvcc/raft-position.ts';
import type { WrittenMember } from '../../../snapshot/compression/written-member.ts';
import { Sealer } from '../../../snapshot/encryption/sealer.ts';
import type { FullFacts } from '../../../snapshot/key-index/facts.ts';
import { FullIndexWriter, indexLimit } from '../../../snapshot/key-index/full-index-writer.ts';
import type { IndexFraming } from '../../../snapshot/key-index/index-framing.ts';
import { temporaryFileFailure } from './temporary-file-failure.ts';

/** An object whose index is written at its end. */
export interface CompressedFull {
  readonly handle: FileHandle;
  /** The directory of its file, for messages. */
  readonly tempDir: string;
  readonly framing: IndexFraming;
  /** Bytes, without the index. */
  readonly size: number;
  readonly members: readonly WrittenMember[];
  /** Bytes of its contents. */
  readonly contentSize: number;
  /** Encrypts what follows with what was kept of the object; undefined where it is not encrypted. */
  readonly sealer: Sealer | undefined;
}

/** What of the facts the database itself does not say. */
export type KnownFacts = Pick<FullFacts, 'clusterId' | 'memberId' | 'etcdVersion' | 'takenAt' | 'writtenBy'>;

/** A check that goes on by itself, and the index that is made meanwhile. */
export interface CheckedIndex {
  /** Rejects when the database is not sound, or the index cannot be written. */
  readonly checked: Promise<DatabaseFacts>;
  /** Bytes of the index after the object's; resolves when they are in the file, rejects as `checked` does. */
  readonly written: Promise<number>;
  /** Most bytes that the index will have. */
  readonly limit: number;
}

/** Checks all pages of a database, and writes the index of the object that holds it after the object's bytes. */
export function checkAndIndex(
  database: string,
  object: CompressedFull,
  { signal, known }: { readonly signal: AbortSignal; readonly known: () => KnownFacts },
): CheckedIndex {
  const { handle, tempDir, framing, size, sealer } = object;
  const limit = indexLimit(size);
  let end = size;
  const append = (bytes: Uint8Array): void => {
    // Small and seldom; the check is not to be interrupted for it.
    try {
      for (let at = 0; at < bytes.length; ) {
        at += writeSync(handle.fd, bytes, at, bytes.length - at, end + at);
      }
    } catch (error) {
      throw temporaryFileFailure(tempDir, error);
    }
    end += bytes.length;
  };
  const appendAll = (pieces: Iterable<Uint8Array>): void => {
    for (const bytes of pieces) {
      append(bytes);
    }
  };
  const writer = new FullIndexWriter({
    framing,
    limit,
    write: (member) => (sealer === undefined ? append(member) : appendAll(sealer.push(member))),
  });
  const work = async (): Promise<{ readonly facts: DatabaseFacts; readonly bytes: number }> => {
    const facts = await inspectDatabase(database, { signal, onKeys: (pages) => writer.add(pages) });
    const inIndex = writer.end({ ...object, facts: { ...known(), ...(await factsIn(database, facts)) } });
    if (sealer === undefined) {
      await handle.truncate(size + inIndex).catch((error: unknown) => {
        throw temporaryFileFailure(tempDir, error);
      });
      return { facts, bytes: inIndex };
    }
    // A chunk is never made twice: what was written of an index that is not worth it stays, without its end no reader takes it for one.
    appendAll(sealer.end());
    return { facts, bytes: end - size };
  };
  const done = work();
  const written = done.then(({ bytes }) => bytes);
  // Its outcome counts when a caller asks for it.
  written.catch(() => undefined);
  const most = limit + 2 * 65_600;
  return {
    checked: done.then(({ facts }) => facts),
    written,
    limit: sealer === undefined ? most : Sealer.mostAfter(most),
  };
}

async function factsIn(
  path: string,
  { lastRevision, pageSize }: DatabaseFacts,
): Promise<Omit<FullFacts, keyof KnownFacts>> {
  await using database = await Database.open(path);
  const { scheduled, finished } = await readCompactionMarks(database);
  const { term, index } = await readRaftPosition(database);
  const compactRevision = Math.max(scheduled, finished);
  return { raftTerm: term?.toString(), raftIndex: index?.toString(), lastRevision, compactRevision, pageSize };
}
