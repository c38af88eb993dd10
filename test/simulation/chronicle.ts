import type { Logger } from '../../src/runtime/log/logger.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';

interface Entry {
  /** ms. */
  readonly at: number;
  readonly who: string;
  readonly what: string;
}

/** So many lines of one moment are kept: what goes round in circles is not to fill the memory. */
const linesAtOnce = 5_000;

/** What happened in a simulation, in order, with what each sidecar has logged. It becomes text only when somebody wants to read it. */
export class Chronicle {
  readonly #time: VirtualTime;
  readonly #directory: string;
  readonly #onLine: ((line: string) => void) | undefined;
  readonly #entries: Entry[] = [];
  /** When the newest line was told, and how many were then. */
  #moment = { at: 0, lines: 0 };

  /** Paths below `directory`, which is another one each time, are told without it. `onLine` hears of each line as it is. */
  constructor(time: VirtualTime, directory: string, onLine?: (line: string) => void) {
    this.#time = time;
    this.#directory = directory;
    this.#onLine = onLine;
  }

  /** The whole of it. */
  get text(): string {
    return withoutPlace(this.#entries.map(lineOf).join('\n'), this.#directory);
  }

  tell(who: string, what: string): void {
    const at = this.#time.now;
    this.#moment = at === this.#moment.at ? { at, lines: this.#moment.lines + 1 } : { at, lines: 1 };
    if (this.#moment.lines > linesAtOnce) {
      return;
    }
    const entry = { at, who, what };
    this.#entries.push(entry);
    this.#onLine?.(lineOf(entry));
  }

  /** A logger of a process that writes here; `heard` hears of each line. */
  logOf(process: SimulatedProcess, heard: (line: string) => void): Logger {
    const line =
      (level: string) =>
      (...[first, second]: readonly unknown[]): void => {
        const text = String(typeof first === 'string' ? first : second);
        this.tell(process.name, `${level}${text}`);
        heard(text);
      };
    const log: Logger = {
      error: line('ERROR '),
      warn: line('WARN '),
      info: line(''),
      debug: () => undefined,
      child: () => log,
    };
    return log;
  }
}

/** A history as it is in each run: without its scratch directory and the number of its process. */
export function withoutPlace(history: string, directory: string): string {
  return history.replaceAll(directory, '').replaceAll(`(pid ${process.pid})`, '(etcd)');
}

function lineOf({ at, who, what }: Entry): string {
  return `${(at / 1_000).toFixed(3).padStart(9)} ${who.padEnd(12)} ${what}`;
}
