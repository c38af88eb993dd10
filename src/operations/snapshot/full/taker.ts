import type { Revision } from '../../../revision.ts';
import { revision } from '../../../revision.ts';
import { Backoff, type BackoffPolicy } from '../../../runtime/async/backoff.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { StoredSnapshot } from '../../../snapstore/snapstore.ts';
import type { UploadLoop } from '../delta/upload-loop.ts';
import type { SnapshotterListener } from '../events.ts';
import { attemptFullSnapshot, type FullSnapshotParts } from './attempt.ts';
import { type CatchUp, furthest, laggingFailure, leastAccepted, neededOf, untilCaughtUp } from './catch-up.ts';
import { leaveBrokenHistory } from './leave-broken-history.ts';
import { isPassing } from './passing-failure.ts';

/** What takes a full until it is stored. */
export interface FullSnapshotTakerParts extends FullSnapshotParts {
  readonly uploadLoop: UploadLoop;
  /** Waits between tries of an etcd that cannot be reached. */
  readonly backoff: BackoffPolicy;
  readonly listener: SnapshotterListener;
}

/** Options of a full. */
export interface FullSnapshotOptions {
  readonly final: boolean;
  /** Whether to wait for an etcd that cannot be reached. */
  readonly unreachable: 'fail' | 'wait';
}

/** How often a database that nevertheless ends below the chain is read, and the pause between, ms. */
const staleTries = 3;
const stalePauseMs = 1_000;

/** Takes a full of a running snapshotter: tries again where etcd cannot be reached, and where a member that lags was read. */
export class FullSnapshotTaker {
  readonly #parts: FullSnapshotTakerParts;
  readonly #context: Omit<RunContext, 'signal'>;
  #abandoned = false;

  constructor(parts: FullSnapshotTakerParts, context: Omit<RunContext, 'signal'>) {
    this.#parts = parts;
    this.#context = context;
  }

  /** Whether a full was begun and could not be finished because the run ended. */
  get hasAbandoned(): boolean {
    return this.#abandoned;
  }

  /** Takes a full. Those of one run are taken one at a time. */
  async take(options: FullSnapshotOptions, signal: AbortSignal): Promise<StoredSnapshot> {
    const { backoff: policy, listener } = this.#parts;
    const { clock, log } = this.#context;
    const startedAt = clock.monotonic();
    const seconds = (): number => (clock.monotonic() - startedAt) / 1_000;
    const backoff = new Backoff(policy);
    for (;;) {
      try {
        const stored = await this.#takeFromReachable(options, signal);
        listener({ type: 'snapshot taken', kind: 'Full', seconds: seconds() });
        return stored;
      } catch (error) {
        signal.throwIfAborted();
        listener({ type: 'snapshot failed', kind: 'Full', seconds: seconds(), error });
        if (options.unreachable === 'fail' || !isPassing(error)) {
          throw error;
        }
        const waitMs = backoff.nextMs();
        log.warn({ error, waitMs }, `Trying the full snapshot again in ${waitMs / 1_000} s: ${error}`);
        await clock.sleep(waitMs, signal);
      }
    }
  }

  async #takeFromReachable({ final }: FullSnapshotOptions, signal: AbortSignal): Promise<StoredSnapshot> {
    const { buffer, chain, changes, guard } = this.#parts;
    const context = { ...this.#context, signal };
    try {
      let accepted = revision(0);
      for (let attempt = 1; ; attempt++) {
        await (changes.leaving === undefined ? leaveBrokenHistory(this.#parts, context) : guard.askQuorum(context));
        // What is accepted after the first attempt need not be in it: a member that is always a little late would never have it.
        accepted = leastAccepted(accepted, guard.accepted);
        const catchUp = this.#catchUp(accepted);
        await untilCaughtUp(catchUp, context);
        chain.beginFull(neededOf(catchUp));
        this.#endChain();
        buffer.hold();
        const result = await attemptFullSnapshot({ ...this.#parts, final }, context);
        if (result.outcome === 'saved') {
          return result.snapshot;
        }
        await this.#refuseStale(result.lastRevision, catchUp, { attempt, signal });
      }
    } catch (error) {
      if (signal.aborted) {
        this.#abandoned = true;
        this.#context.log.warn('Abandoned the full snapshot that was being taken');
      }
      throw error;
    } finally {
      chain.withdrawFull();
      buffer.endHold();
    }
  }

  /** What a full must reach: all that is stored, also by others before, and all that etcd has acknowledged to clients. */
  #catchUp(accepted: Revision): CatchUp {
    const { cluster, chain, guard } = this.#parts;
    return { cluster, stored: revision(Math.max(chain.covered, guard.reach)), accepted };
  }

  /** Lets what is buffered be the end of the chain before, so that the full continues it without a gap. Not waited for. */
  #endChain(): void {
    const { buffer, uploadLoop, chain } = this.#parts;
    if (buffer.size > 0 && chain.newest.full !== undefined) {
      buffer.close();
      // A delta that is lost ends the run by itself.
      uploadLoop.write().catch(() => undefined);
    }
  }

  /** A member that lags can send a database that ends before what was already written as deltas. */
  async #refuseStale(
    lastRevision: Revision,
    catchUp: CatchUp,
    { attempt, signal }: { readonly attempt: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const { clock, log } = this.#context;
    const now = { ...catchUp, stored: revision(Math.max(catchUp.stored, this.#parts.chain.covered)) };
    if (attempt === staleTries) {
      throw laggingFailure(now, lastRevision);
    }
    log.warn(`The database ends at revision ${lastRevision}, ${furthest(now)} at ${neededOf(now)}: reading it again`);
    await clock.sleep(stalePauseMs, signal);
  }
}
