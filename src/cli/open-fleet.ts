import type { PodEnvironment } from '../config/environment.ts';
import type { ValuesOf } from '../config/option.ts';
import type { sharedFleetOptions } from '../config/options/fleet.ts';
import type { storeOptions } from '../config/options/store.ts';
import type { FleetRequest } from '../operations/fleet/request.ts';
import { releaseExecutablePages } from '../runtime/memory/resident-executable.ts';
import { fleetRequest, shardAsked } from './fleet-request.ts';
import { openFleetBucket } from './open-store.ts';
import type { CommandContext } from './session.ts';

/** The clusters of one container that a command asks about. Disposing closes the container. */
export interface OpenFleet extends AsyncDisposable {
  readonly request: FleetRequest;
}

/** Opens the container of a fleet, as the options and the pod say. Throws a UsageFailure where they name no share of the work. */
export async function openFleet(
  options: {
    readonly fleet: ValuesOf<(typeof sharedFleetOptions)['options']>;
    readonly store: ValuesOf<(typeof storeOptions)['options']>;
  },
  pod: PodEnvironment,
  context: CommandContext,
): Promise<OpenFleet> {
  const shard = shardAsked(options.fleet.shard, pod);
  const store = await openFleetBucket(options.store, context);
  // Pages of the executable that only the start needed are released: thousands of clusters need the memory.
  await releaseExecutablePages();
  return {
    request: fleetRequest({ store, options: options.fleet, prefix: options.store.prefix, shard }),
    [Symbol.asyncDispose]: async () => await store.bucket[Symbol.asyncDispose](),
  };
}
