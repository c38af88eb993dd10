import type { Clock } from '../clock.ts';
import type { Logger } from '../log/logger.ts';
import type { Progress, ProgressTask } from './progress.ts';
import { progressText } from './terminal-progress.ts';

/** How often a task that goes on is logged, ms. */
const periodMs = 30_000;

interface LoggedTask extends ProgressTask {
  total: number | undefined;
  done: number;
  /** The clock's monotonic time, ms. */
  readonly startedAt: number;
}

/** Progress for pipes, journals and containers: a line every half minute for each task that goes on, nothing for short ones. */
export function logProgress({ log, clock }: { readonly log: Logger; readonly clock: Clock }): Progress {
  return {
    start(begun) {
      const task: LoggedTask = { ...begun, done: 0, startedAt: clock.monotonic() };
      const over = new AbortController();
      void repeat(task, { log, clock, signal: over.signal });
      return {
        advance(amount) {
          task.done += amount;
        },
        expect(total) {
          task.total = total;
        },
        [Symbol.dispose]: () => over.abort(),
      };
    },
  };
}

async function repeat(
  task: LoggedTask,
  { log, clock, signal }: { readonly log: Logger; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  while (await slept(clock, signal)) {
    const { done, total, unit } = task;
    log.info(
      { done, ...(total === undefined ? {} : { total }), unit },
      progressText({ ...task, elapsedMs: clock.monotonic() - task.startedAt }),
    );
  }
}

/** False when the signal came first. */
function slept(clock: Clock, signal: AbortSignal): Promise<boolean> {
  return clock.sleep(periodMs, signal).then(
    () => true,
    () => false,
  );
}
