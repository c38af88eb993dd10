import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Damage } from '../../datadir/damage.ts';
import { checkEtcdDatabase } from '../../datadir/mvcc/check-etcd-database.ts';
import { readStartState } from '../../datadir/replay/start-state.ts';
import { listSnapFiles, readSnapFile } from '../../datadir/snap/snap-directory.ts';
import type { MemberFiles } from '../../datadir/structure.ts';
import { listSegments } from '../../datadir/wal/directory.ts';
import { repairWal } from '../../datadir/wal/repair.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { DatabaseCheckThread } from '../../workers/database-check-thread.ts';

/** Below this many bytes of log, reading it is over before a thread has begun. */
const LOG_WORTH_A_THREAD = 24 * 1024 * 1024;

/**
 * Looks at every file etcd reads at its start, each whole and all of them together, and repairs a torn tail of the log.
 * What etcd passes over at its start, such as a damaged `.snap` file next to a sound one, is warned of and no damage.
 * Throws {@link Damage}.
 */
export async function checkFiles({ memberDir, walDir }: Omit<MemberFiles, 'db'>, context: RunContext): Promise<void> {
  const { log, signal } = context;
  log.info('Checking for data directory files corruption...');
  log.info('Verifying snap directory...');
  const unreadable: Damage[] = [];
  for (const file of await listSnapFiles(path.join(memberDir, 'snap'))) {
    const read = await readSnapFile(file);
    if (read instanceof Damage) {
      unreadable.push(read);
    }
  }
  log.info('Verifying WAL directory...');
  await using meanwhile = await beginDatabaseCheck({ memberDir, walDir });
  const start = await readStartState(memberDir, { walDir, signal });
  for (const { file, reason } of unreadable) {
    log.warn({ file, reason }, `${file} cannot be read (${reason}); etcd starts without it, and so it is passed over`);
  }
  log.info('Verifying DB file...');
  const outcome = meanwhile?.file === start.dbFile ? await meanwhile.finished({ signal }) : 'unknown';
  if (outcome === 'unknown') {
    await checkEtcdDatabase(start.dbFile, { signal });
  }
  const { torn } = start.log;
  if (torn !== undefined) {
    const { copy } = await repairWal(torn);
    log.warn(
      { file: torn.file, offset: torn.offset, copy },
      `The last record of ${torn.file} was cut short by a crash (${torn.reason}); cut off, the file as it was is ${copy}`,
    );
  }
}

/** Begins to check the db while a long log is read; undefined when the log is short, or there is one processor only. */
async function beginDatabaseCheck({
  memberDir,
  walDir,
}: Omit<MemberFiles, 'db'>): Promise<DatabaseCheckThread | undefined> {
  const segments = await listSegments(walDir);
  let logSize = 0;
  // The newest one is as long as the others from its beginning, most of it zeros that are not read.
  for (const { file } of segments.slice(0, -1)) {
    logSize += (await stat(file)).size;
  }
  return logSize < LOG_WORTH_A_THREAD || availableParallelism() < 2
    ? undefined
    : new DatabaseCheckThread(path.join(memberDir, 'snap', 'db'));
}
