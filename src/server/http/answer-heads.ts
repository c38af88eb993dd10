import { STATUS_CODES } from 'node:http';
import type { Clock } from '../../runtime/clock.ts';
import type { Reply } from './reply.ts';

/** Writes the status line and headers of answers whose connection goes on, just as Node does. */
export class AnswerHeads {
  readonly #clock: Clock;
  readonly #keepAlive: string;
  /** What is the same each time that a reply is sent. */
  readonly #fixed = new WeakMap<Reply, string>();
  #second = Number.NaN;
  #end = '';

  /** `keepAliveMs` is how long the connection waits for the next request. */
  constructor(keepAliveMs: number, clock: Clock) {
    this.#clock = clock;
    this.#keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1_000)}\r\n\r\n`;
  }

  /** All up to the body, with the time of now. */
  of(reply: Reply): string {
    let lines = this.#fixed.get(reply);
    if (lines === undefined) {
      lines = fixedLines(reply);
      this.#fixed.set(reply, lines);
    }
    const second = Math.floor(this.#clock.now() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#end = `Date: ${new Date(second * 1_000).toUTCString()}\r\n${this.#keepAlive}`;
    }
    return lines + this.#end;
  }
}

function fixedLines({ status, headers }: Reply): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}`;
}
