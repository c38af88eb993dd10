import { formatBytes, formatCount } from '../../runtime/log/amount.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { ChainState } from './chain-state.ts';
import type { RevisionWatermark } from './delta/revision-watermark.ts';
import type { SnapshotterListener } from './events.ts';

const hourMs = 3_600_000;

/** What happened since the last summary. */
interface Happenings {
  fulls: number;
  deltas: number;
  bytes: number;
  deleted: number;
}

/** One line an hour: an idle cluster is otherwise silent, and nobody should have to take silence for success. */
export class HourlySummary {
  #since: Happenings = nothing();

  /** Counts what a run stores and deletes. */
  readonly listener: SnapshotterListener = (event) => {
    if (event.type === 'snapshot taken') {
      this.#since[event.kind === 'Full' ? 'fulls' : 'deltas'] += 1;
    } else if (event.type === 'stored') {
      this.#since.bytes += event.snapshot.size;
    } else if (event.type === 'garbage' && event.outcome === 'deleted') {
      this.#since.deleted += 1;
    }
  };

  /** Logs a summary every hour until the signal aborts; a warning when etcd was not heard of. */
  async run(
    {
      chain,
      watermark,
      watches,
    }: { readonly chain: ChainState; readonly watermark: RevisionWatermark; readonly watches: boolean },
    { clock, log, signal }: Pick<RunContext, 'clock' | 'log' | 'signal'>,
  ): Promise<void> {
    for (;;) {
      const heard = watermark.reports;
      await clock.sleep(hourMs, signal);
      const { fulls, deltas, bytes, deleted } = this.#since;
      this.#since = nothing();
      const revision = chain.covered;
      const stored = `${counted(fulls, 'full')} and ${counted(deltas, 'delta')} (${formatBytes(bytes)}) stored`;
      const facts = { revision, fulls, deltas, bytes, deleted };
      const text = `In the last hour: ${stored}, ${counted(deleted, 'object')} deleted. The backup reaches revision ${revision}`;
      // etcd reports progress every few minutes, also when nothing changes.
      if (watches && watermark.reports === heard) {
        log.warn(facts, `${text}; the watch has brought nothing for an hour: does etcd answer?`);
      } else {
        log.info(facts, text);
      }
    }
  }
}

function counted(number: number, noun: string): string {
  return `${formatCount(number)} ${noun}${number === 1 ? '' : 's'}`;
}

function nothing(): Happenings {
  return { fulls: 0, deltas: 0, bytes: 0, deleted: 0 };
}
