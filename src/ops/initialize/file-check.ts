import path from 'node:path';
import { Damage } from '../../datadir/damage.ts';
import { checkEtcdDatabase } from '../../datadir/mvcc/check-etcd-database.ts';
import { readStartState } from '../../datadir/replay/start-state.ts';
import { listSnapFiles, readSnapFile } from '../../datadir/snap/snap-directory.ts';
import { repairWal } from '../../datadir/wal/repair.ts';
import type { RunContext } from '../../runtime/run-context.ts';

/**
 * Looks at every file etcd reads at its start, each whole and all of them together, and repairs a torn tail of the log.
 * Throws {@link Damage}.
 */
export async function checkFiles(memberDir: string, context: RunContext): Promise<void> {
  const { log, signal } = context;
  log.info('Checking for data directory files corruption...');
  log.info('Verifying snap directory...');
  for (const file of await listSnapFiles(path.join(memberDir, 'snap'))) {
    const read = await readSnapFile(file);
    if (read instanceof Damage) {
      throw read;
    }
  }
  log.info('Verifying WAL directory...');
  const start = await readStartState(memberDir, { signal });
  log.info('Verifying DB file...');
  await checkEtcdDatabase(start.dbFile, { signal });
  const { torn } = start.log;
  if (torn !== undefined) {
    const { copy } = await repairWal(torn);
    log.warn(
      { file: torn.file, offset: torn.offset, copy },
      `The last record of ${torn.file} was cut short by a crash (${torn.reason}); cut off, the file as it was is ${copy}`,
    );
  }
}
