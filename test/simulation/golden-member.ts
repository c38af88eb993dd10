import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir } from '../../scripts/lab/temp-dir.ts';
import { planMembership } from '../../src/datadir/membership/bootstrap.ts';
import { writeRaftState } from '../../src/datadir/membership/raft-state.ts';
import { restore } from '../../src/operations/restore/restore.ts';
import { revision } from '../../src/revision.ts';
import type { DeltaEvent } from '../../src/snapshot/delta-event.ts';
import { recordedContext } from '../support/context/run-context.ts';
import { eventDatabase } from '../support/datadir/event-database.ts';
import { goldenRevision } from '../support/etcd/scripted-cluster.ts';
import { restoreRequest, soleMember } from '../support/fixtures/restore-request.ts';

import { memorySnapStore } from '../support/stores/memory-snapstore.ts';

/** The files of a member's log and of its `.snap`, by their names below `member/`; of a log, its beginning. */
export type RaftFiles = ReadonlyMap<string, Buffer>;

/** What was written before a simulation: etcd counts from revision 2. */
const before = Array.from({ length: goldenRevision - 1 }, (_, at): DeltaEvent => {
  const modRevision = revision(at + 2);
  return {
    type: 'put',
    key: Buffer.from(`before-${at}`),
    value: Buffer.from('before'),
    modRevision,
    createRevision: modRevision,
    version: 1,
    lease: 0n,
  };
});

/** More than a new log needs, bytes. */
const longestBeginning = 8_192;

/** What all data directories of a simulation are made of. */
export interface GoldenMember {
  /** A small database at the golden revision, as a restore leaves it: its log needs to hold nothing. */
  readonly database: Buffer;
  /** The log of a member with these ids. */
  raftFiles(ids: { readonly id: bigint; readonly clusterId: bigint }): Promise<RaftFiles>;
}

/** Restores a small full, once for all simulations of this process. */
export async function goldenMember(): Promise<GoldenMember> {
  const plan = soleMember('http://10.0.0.1:2380');
  await using dir = makeTempDir();
  const database = await eventDatabase(before);
  const bytes = Buffer.concat([database, createHash('sha256').update(database).digest()]);
  const store = memorySnapStore([
    { key: `v2/Full-00000000-${String(goldenRevision).padStart(8, '0')}-1700000000`, bytes },
  ]);
  await restore(restoreRequest(dir, { member: plan, store }), recordedContext());
  const known = new Map<string, RaftFiles>();
  return {
    database: readFileSync(dir.join('data', 'member', 'snap', 'db')),
    raftFiles: async ({ id, clusterId }) => {
      const key = `${id} ${clusterId}`;
      const files = known.get(key) ?? (await raftFilesOf({ ...planMembership(plan), self: id, clusterId }));
      known.set(key, files);
      return files;
    },
  };
}

async function raftFilesOf(bootstrap: Parameters<typeof writeRaftState>[1]): Promise<RaftFiles> {
  await using dir = makeTempDir();
  await writeRaftState(dir.path, bootstrap, { signal: new AbortController().signal });
  const files = new Map<string, Buffer>();
  for (const folder of ['snap', 'wal']) {
    for (const name of readdirSync(dir.join(folder))) {
      files.set(join(folder, name), beginningOf(dir.join(folder, name)));
    }
  }
  return files;
}

/** A segment of a log is 64 MB long, nearly all of it a hole. */
function beginningOf(path: string): Buffer {
  const bytes = Buffer.alloc(longestBeginning);
  const file = openSync(path, 'r');
  try {
    return bytes.subarray(0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}
