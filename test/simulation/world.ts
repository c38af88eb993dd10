import type { SidecarLife } from '../../src/server/sidecar-life.ts';
import type { Random } from '../support/fixtures/random.ts';
import type { AskedStarts } from './asked-starts.ts';
import type { Chronicle } from './chronicle.ts';
import type { DataDirectories } from './data-directories.ts';
import type { EtcdConfiguration } from './etcd-configuration.ts';
import type { Restorable } from './lines.ts';
import type { ModelApiServer } from './model-api-server.ts';
import type { ModelCluster } from './model-cluster.ts';
import type { ModelMember } from './model-member.ts';
import type { ModelStore } from './model-store.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';
import type { WrittenObjects } from './written-objects.ts';

/** The container of etcd in a pod. */
export interface Container {
  /** What it does, or waits for. */
  readonly phase: string;
  /** Whether its newest initialization was refused. */
  readonly hasFailed: boolean;
  /** It runs for as long as the simulation. `running` says that its etcd runs already. */
  begin(options: { readonly running: boolean }): void;
  /** Ends it for good. */
  end(): void;
  /** etcd ends, by a signal or a crash, and the container is not started again for `ms` milliseconds. */
  stop(how: 'signal' | 'crash', ms: number): void;
  /** The container may start at once. */
  release(): void;
}

/** Who judges what happens. */
export interface Judge {
  /** The state that a restore gives now; a text when it would fail or mix histories, undefined with an empty store. */
  readonly restorable: Restorable | string | undefined;
  violated(what: string): void;
  /** A cluster of one begins with nothing, although it had something. */
  lostCluster(name: string): void;
}

/** A sidecar and the etcd beside it. The process of the sidecar is another one after each crash. */
export interface Pod {
  readonly member: ModelMember;
  readonly container: Container;
  process: SimulatedProcess;
  life: SidecarLife;
  isRunning: boolean;
  /** What this process was asked to initialize. */
  starts: AskedStarts;
  /** How far the store reached, and how many members were configured, when the newest initialization was begun. */
  atStart: { readonly restorable: number; readonly members: number };
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
  readonly configuration: EtcdConfiguration;
  readonly directories: DataDirectories;
  /** Whether sidecars have a store, and leases. */
  readonly hasStore: boolean;
  readonly hasLeases: boolean;
  readonly store: ModelStore;
  readonly api: ModelApiServer;
  readonly objects: WrittenObjects;
  readonly invariants: Judge;
  readonly pods: readonly Pod[];
  readonly requests: readonly MadeRequest[];
  /** A new process takes the place of one that has ended. */
  restart(pod: Pod): void;
  /** One more pod, whose member is not in the cluster yet. */
  addPod(): Pod;
  /** Remembers a request until it is answered. */
  request(what: string, answer: Promise<unknown>): void;
  /** How often all that was wrong was ended: a fault with several steps ends with it. */
  readonly heals: number;
  /** Ends all that is wrong now, for good. */
  heal(): void;
}
