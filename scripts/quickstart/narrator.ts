import type { Writable } from 'node:stream';

/** Prints what happens: numbered steps with the time since the start, facts below them, and checks at the end. */
export class Narrator {
  readonly #out: Writable & { readonly isTTY?: boolean };
  readonly #startedAt = performance.now();
  #steps = 0;

  constructor(out: Writable & { readonly isTTY?: boolean }) {
    this.#out = out;
  }

  /** Begins the next step. */
  step(title: string): void {
    this.#steps++;
    this.#line(`\n${this.#bold(`${this.#steps}. ${title}`)}  [${this.#seconds()} s]`);
  }

  /** Something that became known in this step. */
  fact(text: string): void {
    this.#line(`   ${text}`);
  }

  /** A command that is about to run, as a user would type it. */
  command(program: string, args: readonly string[]): void {
    this.#line(`   $ ${[program, ...args].join(' ')}`);
  }

  /** A comparison; `difference` is undefined when there is none. */
  check(subject: string, difference: string | undefined): void {
    this.#line(difference === undefined ? `   same       ${subject}` : `   DIFFERENT  ${subject}: ${difference}`);
  }

  /** The last lines: the outcome, and where to go from here. */
  verdict(outcome: 'passed' | 'failed'): void {
    const text =
      outcome === 'passed'
        ? 'PASS: everything is back up to the last delta'
        : 'FAIL: the restored cluster differs from the one that was lost';
    this.#line(`\n${this.#bold(text)}  [${this.#seconds()} s]`);
    if (outcome === 'passed') {
      this.#line('Next: docs/day-one.md does the same with your own etcd, docs/README.md lists all documents');
    }
  }

  #seconds(): string {
    return ((performance.now() - this.#startedAt) / 1000).toFixed(1);
  }

  #bold(text: string): string {
    return this.#out.isTTY === true ? `\x1b[1m${text}\x1b[0m` : text;
  }

  #line(text: string): void {
    this.#out.write(`${text}\n`);
  }
}
