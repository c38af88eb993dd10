import type { Random } from '../fixtures/random.ts';
import type { ClusterOptions, PodCluster } from './pod-cluster.ts';
import type { RecordingWriter } from './recording-writer.ts';

/** What a scenario plays on. */
export interface Stage {
  readonly cluster: PodCluster;
  /** Writes all the time, unless the scenario stops it. */
  readonly writer: RecordingWriter;
  readonly random: Random;
  /** How long the cluster took from its start until it was whole, ms; undefined where an earlier scenario has started it. */
  readonly startedInMs: number | undefined;
  /** Whether a disturbance lasts as long as in an hour of need, or just so long that it is one. */
  readonly length: 'short' | 'long';
  /** Says what was seen, for the table. */
  note(text: string): void;
  /** The cluster has another id from now on, on purpose. */
  expectNewCluster(): void;
  /** The end of the next process by itself is meant. */
  forgive(): void;
}

/** A disturbance. Before it the cluster is whole; after it the player checks what must hold. */
export interface Scenario {
  readonly name: string;
  /** `shared`: three members that earlier scenarios may have used. */
  readonly cluster: 'shared' | Omit<ClusterOptions, 'release'>;
  /** Why it cannot be played on this machine; undefined when it can. */
  readonly missing?: () => Promise<string | undefined>;
  disturb(stage: Stage): Promise<void>;
}
