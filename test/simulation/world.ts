import type { SidecarLife } from '../../src/server/sidecar-life.ts';
import type { Random } from '../support/fixtures/random.ts';
import type { Chronicle } from './chronicle.ts';
import type { ModelCluster, ModelMember } from './model-cluster.ts';
import type { ModelStore } from './model-store.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';
import type { WrittenObjects } from './written-objects.ts';

/** A sidecar and the member beside it. The process is another one after each crash. */
export interface Pod {
  readonly member: ModelMember;
  process: SimulatedProcess;
  life: SidecarLife;
  isRunning: boolean;
}

/** A request that was made to a sidecar. */
export interface MadeRequest {
  readonly what: string;
  /** ms. */
  readonly at: number;
  answer: string | undefined;
}

/** Everything in a simulation, for what changes it and for what looks at it. */
export interface World {
  readonly time: VirtualTime;
  /** For faults. */
  readonly random: Random;
  readonly chronicle: Chronicle;
  readonly cluster: ModelCluster;
  readonly store: ModelStore;
  readonly objects: WrittenObjects;
  readonly pods: readonly Pod[];
  readonly requests: readonly MadeRequest[];
  /** A new process takes the place of one that has ended. */
  restart(pod: Pod): void;
  /** Remembers a request until it is answered. */
  request(what: string, answer: Promise<unknown>): void;
  /** Ends all that is wrong now, for good. */
  heal(): void;
}
