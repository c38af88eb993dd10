import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Child } from './child-process.ts';
import { eventually } from './eventually.ts';

/** A service of a sandbox, as systemd would have it. */
export interface SandboxUnit {
  /** Starts its process. */
  start(): Child;
  /** Whether it does what it is for. */
  isUp(process: Child): Promise<boolean>;
}

/** How long a unit may take to be up, ms. */
const patienceMs = 120_000;

/** The services of a sandbox. A program in it starts and stops them by a line on {@link SandboxUnits.port}: `start NAME`. */
export class SandboxUnits implements AsyncDisposable {
  readonly #units: Readonly<Record<string, SandboxUnit>>;
  readonly #running = new Map<string, Child>();
  readonly #control = createServer((socket) => {
    socket.once('data', (data) => {
      const [verb = '', name = ''] = data.toString().trim().split(' ');
      const done = verb === 'stop' ? this.stop(name) : this.start(name);
      done.then(
        () => socket.end('ok\n'),
        (error: unknown) => socket.end(`${String(error)}\n`),
      );
    });
  });

  constructor(units: Readonly<Record<string, SandboxUnit>>) {
    this.#units = units;
  }

  /** Begins to listen for programs of the sandbox. Returns the port, on 127.0.0.1. */
  async listen(): Promise<number> {
    this.#control.listen(0, '127.0.0.1');
    await once(this.#control, 'listening');
    const address = this.#control.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Starts a unit and waits until it is up. One that is not known, as a timer, is not started. */
  async start(name: string): Promise<void> {
    const unit = this.#units[name];
    if (unit === undefined) {
      return;
    }
    const process = unit.start();
    this.#running.set(name, process);
    await eventually(
      async () => {
        if (process.hasExited()) {
          throw new Error(`${name} has ended:\n${process.output()}`);
        }
        return (await unit.isUp(process)) ? true : undefined;
      },
      { timeoutMs: patienceMs, describe: () => `${name} does not start:\n${process.output()}` },
    );
  }

  /** Stops a unit and waits for its end. */
  async stop(name: string): Promise<void> {
    await this.#running.get(name)?.end('SIGTERM');
    this.#running.delete(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of [...this.#running.values()].toReversed()) {
      await process.end('SIGKILL');
    }
    this.#control.close();
  }
}
