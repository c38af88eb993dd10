import { type Options, type Params, SingleBar } from 'cli-progress';
import type { Clock } from '../clock.ts';
import { formatBytes, formatCount, formatSeconds } from '../log/amount.ts';
import type { Progress, ProgressBar } from './progress.ts';
import type { StatusLine } from './status-line.ts';

type Task = Parameters<Progress['start']>[0];

/**
 * Progress bars on the last line of a terminal: label, share, rate and time left.
 * Of several tasks at once the one that began last is shown, until it ends.
 */
export function terminalProgress(options: { readonly line: StatusLine; readonly clock: Clock }): Progress {
  const open: object[] = [];
  return {
    start(task) {
      const token = {};
      open.push(token);
      const show = (text: string): void => {
        if (open.at(-1) === token) {
          options.line.show(text);
        }
      };
      return startBar(task, { ...options, show }, () => {
        open.splice(open.indexOf(token), 1);
        options.line.show(undefined);
      });
    },
  };
}

interface BarPlace {
  readonly clock: Clock;
  show(text: string): void;
}

function startBar(task: Task, place: BarPlace, onEnd: () => void): ProgressBar {
  const startedAt = place.clock.monotonic();
  let total = task.total;
  const format = (_options: Options, params: Params): string =>
    progressText({
      label: task.label,
      unit: task.unit,
      done: params.value,
      total,
      elapsedMs: place.clock.monotonic() - startedAt,
      secondsLeft: typeof params.eta === 'number' ? params.eta : undefined,
    });
  // The library takes a terminal of one's own, which its type declarations leave out.
  const options: Options & { readonly terminal: BarTerminal } = {
    format,
    terminal: barTerminal(place),
    fps: 5,
    etaBuffer: 25,
    gracefulExit: false,
    forceRedraw: true,
    linewrap: null,
  };
  const bar = new SingleBar(options);
  bar.start(total ?? 0, 0);
  let ended = false;
  return {
    advance(amount) {
      bar.increment(amount);
    },
    expect(corrected) {
      total = corrected;
      bar.setTotal(corrected);
    },
    [Symbol.dispose]() {
      if (!ended) {
        ended = true;
        bar.stop();
        onEnd();
      }
    },
  };
}

/** What a progress bar says. */
export interface ProgressFacts {
  readonly label: string;
  readonly unit: Task['unit'];
  readonly done: number;
  readonly total: number | undefined;
  readonly elapsedMs: number;
  /** Undefined while it cannot be told. */
  readonly secondsLeft: number | undefined;
}

/** The line of a progress bar: `restoring [=====     ]  50%  12.0 MiB/s  1m05s left`. */
export function progressText(facts: ProgressFacts): string {
  const amount = facts.unit === 'bytes' ? formatBytes : formatCount;
  const suffix = facts.unit === 'bytes' ? '' : ` ${facts.unit}`;
  const rate = facts.elapsedMs > 0 ? facts.done / (facts.elapsedMs / 1_000) : 0;
  const speed = `${amount(rate)}${suffix}/s`;
  if (facts.total === undefined || facts.total === 0) {
    return `${facts.label}  ${amount(facts.done)}${suffix}  ${speed}`;
  }
  const share = Math.min(1, facts.done / facts.total);
  const width = 24;
  const filled = Math.round(share * width);
  const bar = `[${'='.repeat(filled)}${' '.repeat(width - filled)}]`;
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const left = facts.secondsLeft === undefined ? '' : `  ${formatSeconds(facts.secondsLeft)} left`;
  return `${facts.label} ${bar} ${percent}  ${speed}${left}`;
}

/** The calls cli-progress makes on its terminal; the cursor is the status line's business. */
interface BarTerminal {
  isTTY(): boolean;
  getWidth(): number;
  write(text: string): void;
  cursorTo(): void;
  clearRight(): void;
  clearLine(): void;
  cursorSave(): void;
  cursorRestore(): void;
  cursor(): void;
  lineWrapping(): void;
  newline(): void;
}

function barTerminal(place: BarPlace): BarTerminal {
  const nothing = (): void => undefined;
  return {
    isTTY: () => true,
    getWidth: () => Number.POSITIVE_INFINITY,
    write: (text) => place.show(text),
    cursorTo: nothing,
    clearRight: nothing,
    clearLine: nothing,
    cursorSave: nothing,
    cursorRestore: nothing,
    cursor: nothing,
    lineWrapping: nothing,
    newline: nothing,
  };
}
