import { Damage } from '../../datadir/damage.ts';
import { fileFailure } from '../../fs/file-failure.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { SnapshotDamage } from '../../snapshot/damage.ts';

/**
 * Says why a directory was not compared with the backup; initialize then goes by revisions alone. Damage is found elsewhere, too, so it is
 * logged at level debug only; a file or a store that refuses is a warning. Throws the signal's reason, and errors of any other kind.
 */
export function couldNotCompare(error: unknown, { log, signal }: RunContext): void {
  signal.throwIfAborted();
  if (error instanceof SnapshotDamage || error instanceof Damage) {
    log.debug({ error }, `The directory cannot be compared with the backup: ${error.message}`);
    return;
  }
  const place = { action: 'compare', object: 'the directory with the backup' };
  const failure = error instanceof Failure ? error : fileFailure(error, place);
  if (failure === undefined) {
    throw error;
  }
  log.warn(
    { error: failure },
    `The directory is not compared with the backup; revisions alone decide: ${failure.message}`,
  );
}
