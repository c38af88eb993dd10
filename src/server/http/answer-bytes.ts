import { STATUS_CODES } from 'node:http';
import type { Clock } from '../../runtime/clock.ts';
import type { Reply } from './reply.ts';

/** The bytes of an answer with the time of a second. */
interface TimedAnswer {
  readonly second: number;
  readonly bytes: Buffer;
}

/** Answers whose connection goes on as bytes: status line and headers just as Node writes them, then the body. */
export class AnswerBytes {
  readonly #clock: Clock;
  readonly #keepAlive: string;
  /** What is the same each time that a reply is sent. */
  readonly #fixed = new WeakMap<Reply, string>();
  /** A second has many answers that are the same. */
  readonly #timed = new WeakMap<Reply, TimedAnswer>();
  #second = Number.NaN;
  #end = '';

  /** `keepAliveMs` is how long the connection waits for the next request. */
  constructor(keepAliveMs: number, clock: Clock) {
    this.#clock = clock;
    this.#keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1_000)}\r\n\r\n`;
  }

  /** The whole answer, with the time of now. Nobody may change the bytes. */
  of(reply: Reply): Buffer {
    const second = Math.floor(this.#clock.now() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#end = `Date: ${new Date(second * 1_000).toUTCString()}\r\n${this.#keepAlive}`;
    }
    const timed = this.#timed.get(reply);
    if (timed?.second === second) {
      return timed.bytes;
    }
    const head = Buffer.from(this.#linesOf(reply) + this.#end, 'latin1');
    const bytes = Buffer.concat([head, typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body]);
    this.#timed.set(reply, { second, bytes });
    return bytes;
  }

  #linesOf(reply: Reply): string {
    let lines = this.#fixed.get(reply);
    if (lines === undefined) {
      lines = fixedLines(reply);
      this.#fixed.set(reply, lines);
    }
    return lines;
  }
}

function fixedLines({ status, headers }: Reply): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}`;
}
