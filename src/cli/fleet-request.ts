import type { PodEnvironment } from '../config/environment.ts';
import type { ValuesOf } from '../config/option.ts';
import { type fleetOptions, parseShard } from '../config/options/fleet.ts';
import type { storeOptions } from '../config/options/store.ts';
import { UsageFailure } from '../config/usage-failure.ts';
import { PrefixGlob } from '../operations/fleet/prefix-glob.ts';
import type { FleetRequest } from '../operations/fleet/request.ts';
import type { OpenBucket } from '../snapstore/registry.ts';

/** What the options of a fleet command say. */
export interface FleetRequestParts {
  readonly store: OpenBucket;
  readonly options: ValuesOf<(typeof fleetOptions)['options']>;
  readonly prefix: ValuesOf<(typeof storeOptions)['options']>['prefix'];
  readonly shard: FleetRequest['shard'];
}

/** Which clusters are meant. */
export function fleetRequest({ store, options, prefix, shard }: FleetRequestParts): FleetRequest {
  const { prefixGlob, maxAgeMs, proofWithinMs } = options;
  return { store, prefix, glob: new PrefixGlob(prefixGlob), shard, thresholds: { maxAgeMs, proofWithinMs } };
}

/** The share of the work: of the flag, else of an indexed job. Throws a {@link UsageFailure} where the job says half of it. */
export function shardAsked(text: string | undefined, { jobIndex, jobCount }: PodEnvironment): FleetRequest['shard'] {
  if (text !== undefined) {
    return parseShard(text);
  }
  if (jobIndex === undefined && jobCount === undefined) {
    return undefined;
  }
  const shard = parseShard(`${jobIndex ?? ''}/${jobCount ?? ''}`);
  if (shard === undefined) {
    throw new UsageFailure({
      action: 'use',
      object: 'JOB_COMPLETION_INDEX and JOB_COMPLETIONS',
      found: 'together they name no share of the work',
      remedy: 'set JOB_COMPLETIONS to the completions of the job, or give --shard I/N',
    });
  }
  return shard;
}
