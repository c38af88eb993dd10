import type { Clock } from '../clock.ts';
import { formatBytes, formatCount, formatSeconds } from '../log/amount.ts';
import type { Progress, ProgressTask } from './progress.ts';
import type { StatusLine } from './status-line.ts';

/** The line is drawn anew no more often than this, ms. */
const redrawMs = 200;

/** A task that runs. */
interface RunningTask extends ProgressTask {
  total: number | undefined;
  done: number;
  /** The clock's monotonic time, ms. */
  readonly startedAt: number;
}

/**
 * Progress on the last line of a terminal: label, percent, amount, rate and time left.
 * Of several tasks at once it shows the one that began last.
 */
export function terminalProgress({ line, clock }: { readonly line: StatusLine; readonly clock: Clock }): Progress {
  const running: RunningTask[] = [];
  let drawnAt = 0;
  const draw = (): void => {
    const task = running.at(-1);
    drawnAt = clock.monotonic();
    line.show(task === undefined ? undefined : progressText({ ...task, elapsedMs: drawnAt - task.startedAt }));
  };
  return {
    start(begun) {
      const task: RunningTask = { ...begun, done: 0, startedAt: clock.monotonic() };
      running.push(task);
      draw();
      return {
        advance(amount) {
          task.done += amount;
          if (clock.monotonic() - drawnAt >= redrawMs) {
            draw();
          }
        },
        expect(total) {
          task.total = total;
          draw();
        },
        [Symbol.dispose]() {
          const at = running.indexOf(task);
          if (at !== -1) {
            running.splice(at, 1);
            draw();
          }
        },
      };
    },
  };
}

/** How far a task is. */
export interface TaskProgress extends ProgressTask {
  readonly done: number;
  readonly elapsedMs: number;
}

/** The line of a task: `restore  50%  12.0 MiB of 24.0 MiB  6.0 MiB/s  2s left`. */
export function progressText({ label, unit, done, total, elapsedMs }: TaskProgress): string {
  const format = (amount: number): string => (unit === 'bytes' ? formatBytes(amount) : formatCount(amount));
  const suffix = unit === 'bytes' ? '' : ` ${unit}`;
  const perSecond = elapsedMs > 0 ? done / (elapsedMs / 1_000) : 0;
  const rate = `${format(perSecond)}${suffix}/s`;
  if (total === undefined || total === 0) {
    return `${label}  ${format(done)}${suffix}  ${rate}`;
  }
  const percent = `${Math.floor(Math.min(1, done / total) * 100)}%`;
  const left = perSecond > 0 ? `  ${formatSeconds((total - done) / perSecond)} left` : '';
  return `${label}  ${percent}  ${format(done)} of ${format(total)}${suffix}  ${rate}${left}`;
}
