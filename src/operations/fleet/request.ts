import type { ShardNumber } from '../../snapstore/fleet/result-objects.ts';
import type { OpenBucket } from '../../snapstore/registry.ts';
import type { Thresholds } from './assess-prefix.ts';
import type { PrefixGlob } from './prefix-glob.ts';

/** Which clusters are meant. */
export interface FleetRequest {
  readonly store: OpenBucket;
  /** Below which prefix of the container the fleet is, as the user gave it; empty for all of it. */
  readonly prefix: string;
  /** Prefixes of clusters below it. */
  readonly glob: PrefixGlob;
  /** The share of the work; undefined for all. */
  readonly shard: ShardNumber | undefined;
  readonly thresholds: Thresholds;
}
