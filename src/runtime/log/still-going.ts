import type { RunContext } from '../run-context.ts';
import { formatSeconds } from './amount.ts';

/** How often work that goes on is logged, ms. */
const periodMs = 30_000;

/** Does `work`, and logs every half minute that it goes on: for work whose end cannot be foreseen. Nothing is logged of short work. */
export async function stillGoing<T>(
  what: string,
  { clock, log }: Pick<RunContext, 'clock' | 'log'>,
  work: () => Promise<T>,
): Promise<T> {
  const begunAt = clock.monotonic();
  const report = (): void => {
    const seconds = (clock.monotonic() - begunAt) / 1_000;
    log.info({ seconds: Math.round(seconds) }, `${what} goes on, for ${formatSeconds(seconds)} so far`);
  };
  // A timer that keeps the process from nothing, and not the clock: the clock of a test that never waits would fire without end.
  const timer = setInterval(report, periodMs);
  timer.unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
