import type { Logger } from '../../src/runtime/log/logger.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What happened in a simulation, in order, with what each sidecar has logged. */
export class Chronicle {
  readonly #time: VirtualTime;
  readonly #lines: string[] = [];

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  /** The whole of it. */
  get text(): string {
    return this.#lines.join('\n');
  }

  tell(who: string, what: string): void {
    this.#lines.push(`${(this.#time.now / 1_000).toFixed(3).padStart(9)} ${who.padEnd(12)} ${what}`);
  }

  /** A logger of a process that writes here. */
  logOf(process: SimulatedProcess): Logger {
    const line =
      (level: string) =>
      (...[first, second]: readonly unknown[]): void =>
        this.tell(process.name, `${level}${typeof first === 'string' ? first : second}`);
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
