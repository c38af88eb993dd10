import { ArmedBackoff } from '../runtime/async/armed-backoff.ts';
import type { RunContext } from '../runtime/run-context.ts';
import type { SnapStore } from '../snapstore/snapstore.ts';
import { LeaderSnapshotter } from './leader-snapshotter.ts';
import { type LeaderTask, runLeaderTasks } from './leader-tasks.ts';
import type { Leadership } from './leadership.ts';
import { OpenOnDemand } from './open-on-demand.ts';
import type { OwnMember } from './own-member.ts';
import { untilProbed } from './probe.ts';
import { deletePermission, publishPermission } from './publish-permission.ts';
import type { SidecarConnection } from './sidecar-connection.ts';
import type { SidecarParts } from './sidecar-parts.ts';
import type { Observation } from './state.ts';

/** What the work of a leader needs. */
export interface LeaderWorkParts {
  readonly parts: Pick<SidecarParts, 'election' | 'openConnection' | 'snapshots'>;
  /** What else is done while our member leads. */
  readonly tasks: readonly LeaderTask[];
  readonly member: OwnMember;
  readonly leadership: Leadership;
  observe(observation: Observation): void;
}

/** How long a stop may take, ms. */
const stopMs = 20_000;
/** Waits between probes, where no snapshots are taken. */
const probePolicy = { firstMs: 1_000, multiplier: 2, longestMs: 30_000 };

/**
 * What a sidecar does while its member leads: probes it, and takes snapshots where a store is configured. Store and connection are
 * opened for the first lead and kept for those after it.
 */
export class LeaderWork implements AsyncDisposable {
  /** Undefined where no store is configured. */
  readonly taker: LeaderSnapshotter | undefined;
  readonly #parts: LeaderWorkParts;
  readonly #context: RunContext;
  readonly #connection: OpenOnDemand<SidecarConnection>;
  readonly #store: OpenOnDemand<SnapStore> | undefined;
  readonly #probeBackoff: ArmedBackoff;

  /** The context's signal asks the work to end, with all that is buffered stored. */
  constructor(parts: LeaderWorkParts, context: RunContext) {
    this.#parts = parts;
    this.#context = context;
    const { openConnection, snapshots } = parts.parts;
    const connection = new OpenOnDemand(() => openConnection('snapshots'));
    this.#connection = connection;
    this.#probeBackoff = new ArmedBackoff(snapshots?.backoff ?? probePolicy);
    if (snapshots !== undefined) {
      const store = new OpenOnDemand(() => snapshots.openStore());
      this.#store = store;
      this.taker = new LeaderSnapshotter(
        {
          ...snapshots,
          // All members are defragmented, and no full follows: that is a task of its own.
          request: { ...snapshots.request, defragmentationSchedule: undefined },
          openStore: () => store.open(),
          openConnection: () => connection.open(),
          backoff: new ArmedBackoff(snapshots.backoff),
        },
        context,
      );
    }
  }

  /** Does the work of one lead until `lost` or the signal of the context aborts. */
  async run(lead: number, lost: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([lost, this.#context.signal]);
    await Promise.all([
      this.#takeSnapshots(lead, lost),
      runLeaderTasks(this.#parts.tasks, { ...this.#context, signal }),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#store?.[Symbol.asyncDispose](), this.#connection[Symbol.asyncDispose]()]);
  }

  async #takeSnapshots(lead: number, lost: AbortSignal): Promise<void> {
    const { parts, member, leadership, observe } = this.#parts;
    const { signal: stop } = this.#context;
    const untilAnswered = (signal: AbortSignal): Promise<void> => {
      const onProbe = (outcome: 'answered' | 'failed'): void => observe({ type: 'probe', lead, outcome });
      return untilProbed({ member, backoff: this.#probeBackoff, onProbe }, { ...this.#context, signal });
    };
    if (parts.snapshots === undefined || this.taker === undefined) {
      await untilAnswered(AbortSignal.any([lost, stop]));
      return;
    }
    const { location } = parts.snapshots;
    const { periodMs, timeoutMs } = parts.election;
    await this.taker.run({
      lost,
      untilAnswered,
      permissions: {
        mayPublish: publishPermission({ leadership, lost, stop, location, recentMs: stopMs + periodMs + timeoutMs }),
        mayDelete: deletePermission({ leadership, lost, location, freshMs: periodMs + 2 * timeoutMs }),
      },
      onActivity: (is) => observe({ type: 'snapshotter', lead, is }),
    });
  }
}
