import path from 'node:path';
import { makeDirectories } from '../../fs/directories.ts';
import { syncDirectory } from '../../fs/sync.ts';
import { encodeConfChange, type RaftEntry } from '../raft/raft.ts';
import { writeSnapFile } from '../snap/snap-file.ts';
import { WalWriter } from '../wal/writer.ts';
import { BOOTSTRAP_TERM, type ClusterBootstrap } from './bootstrap.ts';
import { memberJson } from './member.ts';
import { v2StoreJson } from './v2-store.ts';

/**
 * Writes `wal/` and `snap/TERM-INDEX.snap` below `memberDir` (the `member` directory) for a member of a new cluster: a log
 * with one committed entry for each added member, and a snapshot of it. `snap/` is created when it does not exist; `wal/` must
 * not exist. Everything is durable when it returns. Rejects with the signal's reason when it aborts.
 */
export async function writeRaftState(
  memberDir: string,
  bootstrap: ClusterBootstrap,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const { members } = bootstrap;
  const confState = { voters: members.map((member) => member.id), learners: [] };
  const index = members.length;
  const entries = members.map(
    (member, position): RaftEntry => ({
      kind: 'confChange',
      term: BOOTSTRAP_TERM,
      index: position + 1,
      data: encodeConfChange({ kind: 'addNode', nodeId: member.id, context: Buffer.from(memberJson(member)) }),
    }),
  );
  options.signal.throwIfAborted();
  const snapDir = path.join(memberDir, 'snap');
  await makeDirectories(snapDir);
  await writeSnapFile(snapDir, { index, term: BOOTSTRAP_TERM, confState, data: Buffer.from(v2StoreJson(members)) });

  options.signal.throwIfAborted();
  await using wal = await WalWriter.create(path.join(memberDir, 'wal'), {
    nodeId: bootstrap.self,
    clusterId: bootstrap.clusterId,
  });
  await wal.save(entries, { term: BOOTSTRAP_TERM, vote: members[0]?.id ?? 0n, commit: index });
  await wal.saveSnapshot({ index, term: BOOTSTRAP_TERM, confState });
  await wal.close();
  await syncDirectory(memberDir);
}
