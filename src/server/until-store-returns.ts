import { deadlineIn } from '../runtime/async/deadline.ts';
import { untilAborted } from '../runtime/async/until-aborted.ts';
import type { RunContext } from '../runtime/run-context.ts';
import type { CallOptions } from '../snapstore/bucket.ts';

/** How often a store that is away is asked, and how long it has to answer, ms. */
const pauseMs = 15_000;
const answerMs = 10_000;

/**
 * Resolves when a store that does not answer now answers again; never for one that does, since then its answers are not what is
 * missing. `ask` rejects where there is no answer. Rejects when the signal aborts.
 */
export async function untilStoreReturns(
  ask: (options: CallOptions) => Promise<unknown>,
  context: Pick<RunContext, 'clock' | 'signal'>,
): Promise<void> {
  const { clock, signal } = context;
  if (await answers(ask, context)) {
    await untilAborted(new Promise<never>(() => undefined), signal);
  }
  do {
    await clock.sleep(pauseMs, signal);
  } while (!(await answers(ask, context)));
}

async function answers(
  ask: (options: CallOptions) => Promise<unknown>,
  context: Pick<RunContext, 'clock' | 'signal'>,
): Promise<boolean> {
  using deadline = deadlineIn(answerMs, context);
  try {
    // Opening a store reads files, which cannot be aborted.
    await deadline.bound(ask({ signal: deadline.signal }));
    return true;
  } catch {
    context.signal.throwIfAborted();
    return false;
  }
}
