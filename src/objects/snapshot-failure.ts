import { Damage } from '../datadir/damage.ts';
import { UnfitChange } from '../datadir/mvcc/unfit-change.ts';
import { Failure } from '../runtime/failure.ts';
import { SnapshotDamage } from '../snapshot/damage.ts';

/** Which other state there is, and how it is restored, depends on the store and on the command. */
const ELSEWHERE = 'look for another copy of it';

/**
 * Says which snapshot an error is about: damage of the object, of the database in it, or events that do not fit.
 * Any other error is given back as it is.
 */
export function snapshotFailure(error: unknown, name: string): unknown {
  if (error instanceof SnapshotDamage) {
    return corrupt(name, `it is damaged: ${error.message}`, error);
  }
  if (error instanceof Damage) {
    return corrupt(name, `its database is damaged at byte ${error.offset}: ${error.reason}`, error);
  }
  if (error instanceof UnfitChange) {
    if (error.reason.kind === 'gap') {
      return new Failure({
        code: 'backup_gap',
        action: 'restore',
        object: name,
        found: error.message,
        remedy: 'look for a delta that holds them',
        cause: error,
      });
    }
    return corrupt(name, error.message, error);
  }
  return error;
}

/** Runs a step that reads one snapshot; its errors name it. */
export async function namingSnapshot<T>(snapshot: { readonly name: string }, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw snapshotFailure(error, snapshot.name);
  }
}

function corrupt(name: string, found: string, cause: Error): Failure {
  return new Failure({ code: 'snapshot_corrupt', action: 'restore', object: name, found, remedy: ELSEWHERE, cause });
}
