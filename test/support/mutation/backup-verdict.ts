import { createHash } from 'node:crypto';
import path from 'node:path';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { inspectDatabase } from '../../../src/datadir/mvcc/inspect-database.ts';
import { restore } from '../../../src/operations/restore/restore.ts';
import { Failure } from '../../../src/runtime/failure.ts';
import { recordedContext } from '../context/run-context.ts';
import type { GoldenObject } from '../fixtures/golden-store.ts';
import { restoreRequest } from '../fixtures/restore-request.ts';
import { memorySnapStore } from '../stores/memory-snapstore.ts';

/** What comes of restoring a backup: refused, with the failure, or a database with these contents. */
export type BackupVerdict =
  | { readonly kind: 'damaged'; readonly reason: string }
  | { readonly kind: 'sound'; readonly contents: string };

/** Restores a backup into a scratch directory. Any error but a Failure is thrown. */
export async function restoreVerdict(objects: readonly GoldenObject[], signal: AbortSignal): Promise<BackupVerdict> {
  using temp = makeTempDir();
  try {
    await restore(restoreRequest(temp, { store: memorySnapStore(objects) }), recordedContext(signal));
  } catch (error) {
    if (error instanceof Failure) {
      return { kind: 'damaged', reason: error.message };
    }
    throw error;
  }
  const facts = await inspectDatabase(path.join(temp.path, 'data/member/snap/db'), { signal });
  return { kind: 'sound', contents: createHash('sha256').update(JSON.stringify(facts)).digest('hex') };
}
