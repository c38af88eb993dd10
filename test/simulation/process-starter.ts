import type { TempDir } from '../../scripts/lab/temp-dir.ts';
import type { ValidationMode } from '../../src/operations/initialize/data-dir-state.ts';
import { AskedStarts } from './asked-starts.ts';
import { ModelConnection } from './model-connection.ts';
import type { ModelDatabases } from './model-databases.ts';
import type { ModelMember } from './model-member.ts';
import { ModelPeers } from './model-peers.ts';
import type { RandomStreams } from './random-streams.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { type BufferLimits, beginLife } from './simulated-sidecar.ts';
import type { Pod, World } from './world.ts';

/** What is another one after each crash of a sidecar. */
type BegunProcess = Omit<Pod, 'member' | 'container' | 'atStart'>;

/** Begins the processes of sidecars, and hears of their ends and of what they log. */
export class ProcessStarter {
  readonly #parts: {
    readonly world: World;
    readonly streams: RandomStreams;
    readonly databases: ModelDatabases;
    readonly tempDir: TempDir;
    readonly buffer: BufferLimits;
    readonly fullSchedule: string;
  };
  #lives = 0;

  constructor(parts: {
    readonly world: World;
    readonly streams: RandomStreams;
    readonly databases: ModelDatabases;
    readonly tempDir: TempDir;
    readonly buffer: BufferLimits;
    readonly fullSchedule: string;
  }) {
    this.#parts = parts;
  }

  /** Begins a process next to a member. */
  begin(member: ModelMember): BegunProcess {
    const { streams, databases, tempDir, world } = this.#parts;
    const { time, cluster, objects, chronicle, configuration, invariants, directories } = world;
    this.#lives += 1;
    const process = new SimulatedProcess(`${member.name}#${this.#lives}`, time, streams.of('clocks').integer(5_000));
    const connection = new ModelConnection({
      cluster,
      member,
      process,
      streams,
      databases,
      onDatabase: (database, state) => objects.sent(database, process, { ...state, at: time.now }),
    });
    const starts = new AskedStarts((what) => invariants.violated(`${process.name}: ${what}`));
    const log = chronicle.logOf(process, (line) => this.#heard(line, starts));
    const bucket = world.store.bucketOf(process);
    const begun = beginLife({
      name: member.name,
      process,
      connection,
      peers: new ModelPeers(cluster, member),
      configuration,
      api: world.hasLeases ? world.api : undefined,
      bucket: world.hasStore ? bucket : undefined,
      tempDir: tempDir.join(`temp-${member.name}`),
      dataDir: directories.pathOf(member),
      log,
      buffer: this.#parts.buffer,
      fullSchedule: this.#parts.fullSchedule,
      stopWrapper: () => world.pods.find((pod) => pod.member === member)?.container.stop('signal', 0),
      random: () => streams.of(`${process.name} jitter`).integer(1_000) / 1_000,
    });
    const pod = { process, life: begun, isRunning: true, starts };
    begun.run().then(
      () => this.#ended(process),
      (error) => {
        this.#ended(process);
        if (!process.isDead) {
          invariants.violated(`the life of ${process.name} has ended by ${error}`);
        }
      },
    );
    return pod;
  }

  #ended(process: SimulatedProcess): void {
    for (const pod of this.#parts.world.pods) {
      if (pod.process === process) {
        pod.isRunning = false;
      }
    }
  }

  /** What a sidecar has logged. */
  #heard(line: string, starts: AskedStarts): void {
    const mode = /^Initialization of .* begins, in mode (full|sanity)$/.exec(line)?.[1] as ValidationMode | undefined;
    const { pods, invariants, configuration, time } = this.#parts.world;
    const pod = pods.find((each) => each.starts === starts);
    if (mode !== undefined && pod !== undefined) {
      const { restorable } = invariants;
      pod.atStart = {
        restorable: typeof restorable === 'object' ? restorable.revision : 0,
        members: configuration.size,
      };
      starts.begun(mode);
    }
    if (/^(Going on from the backup|Taking a full snapshot first)/.test(line) && pod !== undefined) {
      pod.process.snapshotter = { at: time.now };
    }
    if (line.includes('by a fault') || /^The snapshotter has ended.* but the backup ends at [1-9]/.test(line)) {
      invariants.violated(`a sidecar has met what it never should: ${line}`);
    }
  }
}
