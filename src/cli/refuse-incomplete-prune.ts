import type { PrunedObject } from '../operations/prune/prune.ts';
import { Failure } from '../runtime/failure.ts';

/** Throws a {@link Failure} `prune_incomplete` when something that was to go could not be deleted. */
export function refuseIncompletePrune(results: readonly PrunedObject[], location: string): void {
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  if (failed.length > 0) {
    throw new Failure({
      code: 'prune_incomplete',
      action: 'prune',
      object: location,
      found: `${failed.length} of the objects to delete are still there`,
      remedy: 'see the warnings above, and run it again',
      cause: failed[0]?.error,
    });
  }
}
