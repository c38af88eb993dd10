import type { Logger } from '../../src/runtime/log/logger.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';

interface Entry {
  /** ms. */
  readonly at: number;
  readonly who: string;
  readonly what: string;
}

/** What happened in a simulation, in order, with what each sidecar has logged. It becomes text only when somebody wants to read it. */
export class Chronicle {
  readonly #time: VirtualTime;
  readonly #directory: string;
  readonly #entries: Entry[] = [];

  /** Paths below `directory`, which is another one each time, are told without it. */
  constructor(time: VirtualTime, directory: string) {
    this.#time = time;
    this.#directory = directory;
  }

  /** The whole of it. */
  get text(): string {
    return this.#entries
      .map(({ at, who, what }) => `${(at / 1_000).toFixed(3).padStart(9)} ${who.padEnd(12)} ${what}`)
      .join('\n')
      .replaceAll(this.#directory, '')
      .replaceAll(`(pid ${process.pid})`, '(etcd)');
  }

  tell(who: string, what: string): void {
    this.#entries.push({ at: this.#time.now, who, what });
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
