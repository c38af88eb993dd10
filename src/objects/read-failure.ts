import { Damage } from '../datadir/damage.ts';
import { fileFailure } from '../fs/file-failure.ts';
import { placeIn } from '../fs/place-in.ts';
import { Failure } from '../runtime/failure.ts';
import { SnapshotDamage } from '../snapshot/damage.ts';

/** The failure of reading a database or a snapshot in a file or directory; any other error is returned as it is. */
export function readFailure(error: unknown, object: string): unknown {
  if (error instanceof SnapshotDamage || error instanceof Damage) {
    return new Failure({
      code: 'snapshot_corrupt',
      action: 'read',
      object,
      found:
        error instanceof Damage
          ? `${placeIn(object, error.file) ?? 'its database'} is damaged at byte ${error.offset}: ${error.reason}`
          : `it is damaged: ${error.message}`,
      remedy: 'use another copy or an older backup',
      cause: error,
    });
  }
  return fileFailure(error, { action: 'read', object }) ?? error;
}
