import type { PrunedObject } from '../operations/prune/prune.ts';
import { Failure } from '../runtime/failure.ts';

/** `undeleted` are keys of others that were to go. Throws a {@link Failure} `prune_incomplete` when something that was to go could not be deleted. */
export function refuseIncompletePrune(
  results: readonly PrunedObject[],
  location: string,
  undeleted: readonly string[] = [],
): void {
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  const left = failed.length + undeleted.length;
  if (left > 0) {
    throw new Failure({
      code: 'prune_incomplete',
      action: 'prune',
      object: location,
      found: `${left} of the objects to delete are still there`,
      remedy: 'see the warnings above, and run it again',
      cause: failed[0]?.error,
    });
  }
}
