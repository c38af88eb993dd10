import type { RunContext } from '../run-context.ts';
import { formatSeconds } from './amount.ts';

/** How often work that goes on is logged, ms. */
const periodMs = 30_000;

/** Does `work`, and logs every half minute that it goes on: for work whose end cannot be foreseen. Nothing is logged of short work. */
export async function stillGoing<T>(
  what: string,
  { clock, log, signal }: Pick<RunContext, 'clock' | 'log' | 'signal'>,
  work: () => Promise<T>,
): Promise<T> {
  const begunAt = clock.monotonic();
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const report = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(periodMs, either);
      const seconds = (clock.monotonic() - begunAt) / 1_000;
      log.info({ seconds: Math.round(seconds) }, `${what} goes on, for ${formatSeconds(seconds)} so far`);
    }
  };
  // It ends with the abort.
  void report().catch(() => undefined);
  try {
    return await work();
  } finally {
    over.abort();
  }
}
