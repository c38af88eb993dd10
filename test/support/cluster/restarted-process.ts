import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from '../../../scripts/lab/child-process.ts';

/** Between the end of a container and its next start, ms. */
const restartMs = 1_000;

/** What a container runs. */
export interface ContainerProgram {
  /** Prepares a start, and gives what to start; the signal aborts when the container is stopped. */
  prepare(signal: AbortSignal): Promise<{
    readonly command: readonly string[];
    readonly env: Readonly<Record<string, string | undefined>>;
  }>;
  /** Hears when it runs. */
  started?(): void;
}

/** A container: its program is started again whenever it ends, until the container is stopped. */
export class RestartedProcess implements AsyncDisposable {
  readonly #name: string;
  readonly #program: ContainerProgram;
  #child: Child | undefined;
  #stopping = new AbortController();
  #life: Promise<void> = Promise.resolve();
  #isExpectedToEnd = false;
  #earlier = '';
  /** The end of the log of each time that the program ended without being told to. */
  readonly unexpectedEnds: string[] = [];
  starts = 0;

  constructor(name: string, program: ContainerProgram) {
    this.#name = name;
    this.#program = program;
  }

  /** The process that runs now; undefined between two of them. */
  get pid(): number | undefined {
    return this.#child?.hasExited() === false ? this.#child.pid : undefined;
  }

  /** All that its processes have written, and what went wrong between them. */
  log(): string {
    return this.#earlier + (this.#child?.output() ?? '');
  }

  /** Starts the container. Waits for nothing. */
  start(): void {
    this.#stopping = new AbortController();
    this.#life = this.#live(this.#stopping.signal);
  }

  /** Stops the container; with `SIGKILL` as a node does that is lost. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.#stopping.abort(new Error('the container was stopped'));
    this.#isExpectedToEnd = true;
    await this.#child?.end(signal, { graceMs: 30_000 });
    await this.#life;
  }

  /** Ends the process; the container starts it again. */
  async kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#isExpectedToEnd = true;
    await this.#child?.end(signal, { graceMs: 30_000 });
  }

  /** SIGSTOP or SIGCONT. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    if (this.pid !== undefined) {
      process.kill(this.pid, signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
  }

  async #live(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        const { command, env } = await this.#program.prepare(stop);
        const [program = '', ...args] = command;
        stop.throwIfAborted();
        this.#isExpectedToEnd = false;
        const child = startChild(program, args, { env });
        this.#earlier = this.log();
        this.#child = child;
        this.starts += 1;
        this.#program.started?.();
        await child.exited;
        if (!this.#isExpectedToEnd && !stop.aborted) {
          this.unexpectedEnds.push(`${this.#name} ended by itself:\n${child.output().slice(-3_000)}`);
        }
      } catch (error) {
        this.#earlier = `${this.log()}\n[container ${this.#name}: ${error}]\n`;
        this.#child = undefined;
      }
      await sleep(restartMs, undefined, { signal: stop }).catch(() => undefined);
    }
  }
}
