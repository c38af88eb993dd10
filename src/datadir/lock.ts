import path from 'node:path';
import { isErrno } from '../fs/errno.ts';
import { Failure } from '../runtime/failure.ts';
import { type FileLock, tryLockFile } from '../runtime/process/file-lock.ts';
import type { RunContext } from '../runtime/run-context.ts';

/**
 * Takes the lock that an etcd holds on its db while it runs; undefined when there is no db. Throws a {@link Failure}
 * `data_dir_locked` when another process has it; `action` is what cannot be done then.
 */
export async function lockDb(
  dataDir: string,
  context: RunContext,
  { action }: { readonly action: string },
): Promise<FileLock | undefined> {
  const db = path.join(dataDir, 'member', 'snap', 'db');
  let attempt: Awaited<ReturnType<typeof tryLockFile>>;
  try {
    attempt = await tryLockFile(db);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) {
      return undefined;
    }
    throw error;
  }
  if (!attempt.acquired) {
    const { holder } = attempt;
    const who = holder === undefined ? 'another process' : `${holder.command ?? 'process'} (pid ${holder.pid})`;
    throw new Failure({
      code: 'data_dir_locked',
      action,
      object: dataDir,
      found: `${who} holds the lock on ${db}`,
      remedy: 'stop the etcd that runs on it; nothing was changed',
    });
  }
  const { strength } = attempt.lock;
  if (strength !== 'exclusive') {
    context.log.debug(
      { reason: strength.observed },
      `No lock could be taken on ${db}; no process was found that holds it`,
    );
  }
  return attempt.lock;
}
