import { renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { RaftEntry } from '../../../src/datadir/raft/raft.ts';
import { openEntries, summarizeLog } from '../../../src/datadir/wal/log.ts';
import { readWholeLog } from '../../../src/datadir/wal/whole-log.ts';
import { WalWriter } from '../../../src/datadir/wal/writer.ts';

/** Adds committed entries to the log of a member that was restored; `data` makes those of the entry at a place, from 1. */
export async function lengthenLog(
  memberDir: string,
  added: { readonly segmentSize: number; readonly count: number; readonly data: (place: number) => Uint8Array },
): Promise<void> {
  const { signal } = new AbortController();
  const directory = path.join(memberDir, 'wal');
  const summary = await summarizeLog({ directory, after: 0, signal });
  const entries: RaftEntry[] = [];
  await (await openEntries({ directory, after: 0, upTo: summary.lastIndex, signal })).each((entry) => {
    entries.push(entry);
  });
  const { marks } = await readWholeLog({ directory, likelyAfter: 0, signal });
  const mark = marks[1];

  const longer = path.join(memberDir, 'longer');
  const wal = await WalWriter.create(longer, summary.metadata, { segmentSize: added.segmentSize });
  await wal.save(entries, summary.state);
  if (mark !== undefined) {
    await wal.saveSnapshot(mark);
  }
  const { term, vote } = summary.state;
  for (let place = 1; place <= added.count; place++) {
    const index = summary.lastIndex + place;
    await wal.save([{ kind: 'normal', term, index, data: added.data(place) }], { term, vote, commit: index });
  }
  await wal.close();
  rmSync(directory, { recursive: true });
  renameSync(longer, directory);
}
