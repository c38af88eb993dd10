import type { RunContext } from '../../../runtime/run-context.ts';
import type { HistoryMarker } from '../../../snapshot/history/history-marker.ts';
import type { StoredSnapshot } from '../../../snapstore/snapstore.ts';
import type { ChainState } from '../chain-state.ts';
import type { EventBuffer } from '../delta/event-buffer.ts';
import type { RevisionWatermark } from '../delta/revision-watermark.ts';
import type { UploadLoop } from '../delta/upload-loop.ts';
import type { WatchTurns } from '../delta/watch-turns.ts';
import type { StoreOutageRetry } from '../store-outage.ts';
import type { HistoryBreak, ReadDatabase } from './history-break.ts';
import type { HistoryGuard } from './history-guard.ts';
import type { FirstFull } from './mark-new-history.ts';

/** The parts of a run that a new history concerns. */
export interface HistoryChangesParts {
  readonly guard: HistoryGuard;
  readonly chain: ChainState;
  readonly buffer: EventBuffer;
  readonly uploadLoop: UploadLoop;
  readonly watermark: RevisionWatermark;
  readonly turns: WatchTurns;
  readonly outageRetry: StoreOutageRetry;
  /** Aborts when the run begins to end. */
  readonly ending: AbortSignal;
}

/**
 * Leads a running snapshotter from one history to the next: no event of the new one is buffered, and nothing is deleted, before
 * the new one's first full and its marker are in the store.
 */
export class HistoryChanges {
  readonly #parts: HistoryChangesParts;
  /** Why the history before was left, until the new one is marked. */
  #leaving: HistoryBreak | undefined;

  constructor(parts: HistoryChangesParts) {
    this.#parts = parts;
  }

  /** Why the history before was left, while the new one's first full or its marker is missing. */
  get leaving(): HistoryBreak | undefined {
    return this.#leaving;
  }

  /** Leaves the history that was followed: what is buffered of it is written as a delta, where that is possible. */
  async leave(broken: HistoryBreak, context: Pick<RunContext, 'log'>): Promise<void> {
    const { guard, chain, buffer, uploadLoop, watermark, turns } = this.#parts;
    await turns.close();
    guard.leave(broken, context);
    buffer.endHold();
    if (chain.newest.full !== undefined && buffer.size > 0) {
      await this.#writeRest(context);
    }
    // What is being written still belongs to the chain that is left: once the new history has begun it would count as part of the
    // next chain.
    await uploadLoop.settled();
    await buffer.restart();
    chain.leave();
    watermark.restart(guard.reach);
    this.#leaving = broken;
  }

  /** The new history gets its first full: announces it before that becomes visible, and gives what was announced. */
  async announce(broken: HistoryBreak, full: FirstFull, context: RunContext): Promise<HistoryMarker | undefined> {
    const { guard, outageRetry, ending } = this.#parts;
    const announce = (): Promise<HistoryMarker | undefined> => guard.announce(broken, full, context);
    return await outageRetry.persist('announce a new history', announce, { signal: context.signal, ending });
  }

  /** The new history has its first full in the store: marks it, and lets it be followed. */
  async begun(
    broken: HistoryBreak,
    full: {
      readonly first: StoredSnapshot;
      readonly database: ReadDatabase;
      readonly announced: HistoryMarker | undefined;
    },
    context: RunContext,
  ): Promise<void> {
    const { guard, outageRetry, ending, turns, watermark } = this.#parts;
    const { signal } = context;
    await outageRetry.persist('mark a new history', () => guard.begin(broken, full, context), { signal, ending });
    watermark.restart(full.first.lastRevision);
    this.#leaving = undefined;
    turns.allow();
  }

  async #writeRest({ log }: Pick<RunContext, 'log'>): Promise<void> {
    try {
      await this.#parts.uploadLoop.write();
    } catch (error) {
      log.error({ error }, `Abandoned the events that were buffered of the history that is left: ${error}`);
    }
  }
}
