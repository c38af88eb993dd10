import type { Socket } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import { limits } from '../../runtime/limits.ts';
import type { AnswerBytes } from './answer-bytes.ts';
import type { Connections } from './connections.ts';
import type { FrequentAnswers } from './frequent-answers.ts';
import type { PlainRequests } from './plain-request.ts';
import type { Reply } from './reply.ts';
import type { UnsentAnswers } from './unsent-answers.ts';

/** What the connections of a server share. */
export interface DirectParts {
  readonly answers: Pick<FrequentAnswers, 'to'>;
  readonly requests: PlainRequests;
  readonly bytes: AnswerBytes;
  readonly connections: Connections;
  readonly unsent: UnsentAnswers;
  /** How long the first bytes and the next request may take, ms. */
  readonly bounds: { readonly headersTimeout: number; readonly keepAliveTimeout: number };
  readonly clock: Clock;
  /** Makes Node's server of HTTP/1.1 take over a connection, as if it were new. */
  handOver(socket: Socket): void;
}

/** As Node says it. */
const tooSlow = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';
/** Node waits so much longer than it says, ms: a client must not ask just when the connection ends. */
const keepAliveSurplus = 1_000;

const nothing = new Uint8Array(0);

/**
 * A connection of HTTP/1.1 as long as it brings nothing but plain requests for frequent paths: they are answered from their bytes, which takes
 * a third of the processor time of Node's request and answer. At the first other bytes Node's server takes it over for good.
 */
export class DirectConnection {
  readonly #socket: Socket;
  readonly #parts: DirectParts;
  #state: 'new' | 'idle' | 'answering' = 'new';
  /** Whether an answer was sent: the time until the next request is another one than that until the first. */
  #isServed = false;

  private constructor(socket: Socket, parts: DirectParts) {
    this.#socket = socket;
    this.#parts = parts;
  }

  /** Begins with a connection whose handshake, if any, is over. */
  static begin(socket: Socket, parts: DirectParts): void {
    const connection = new DirectConnection(socket, parts);
    socket.on('data', connection.#onData);
    socket.on('end', connection.#onEnd);
    socket.on('timeout', connection.#onTimeout);
    // Its end is all that follows from it; Node listens itself later.
    socket.on('error', ignore);
    socket.setTimeout(parts.bounds.headersTimeout);
  }

  readonly #onData = (bytes: Buffer): void => {
    let rest: Buffer | undefined = bytes;
    while (rest !== undefined && rest.length > 0) {
      rest = this.#answerFirst(rest);
    }
  };

  /** Answers the first request in `bytes` and returns those after it; undefined where others see to them. */
  #answerFirst(bytes: Buffer): Buffer | undefined {
    const { requests, answers, connections } = this.#parts;
    const request = connections.ending || this.#socket.writableLength > 0 ? undefined : requests.in(bytes);
    const answer = request === undefined ? undefined : answers.to(request);
    if (request === undefined || answer === undefined) {
      this.#handOver(bytes);
      return undefined;
    }
    if (answer instanceof Promise) {
      this.#await(answer, { bytes, length: request.length });
      return undefined;
    }
    return this.#send(answer, bytes) ? bytes.subarray(request.length) : undefined;
  }

  /** Nothing is read meanwhile, so that answers come in the order of the requests. */
  #await(
    answer: Promise<Reply | undefined>,
    { bytes, length }: { readonly bytes: Buffer; readonly length: number },
  ): void {
    const socket = this.#socket;
    this.#state = 'answering';
    this.#parts.connections.asked(socket);
    socket.pause();
    const done = (reply: Reply | undefined): void => {
      if (socket.destroyed) {
        return;
      }
      socket.resume();
      if (this.#send(reply, bytes)) {
        this.#onData(bytes.subarray(length));
      }
      // Last, as at the end of the server this ends the connection.
      this.#parts.connections.answered(socket);
    };
    // Node's path asks again, and answers with 500 and a line in the log.
    answer.then(done, () => done(undefined));
  }

  /** Sends an answer to what `request` begins with; false when there is none, or no room for it: Node has got them. */
  #send(reply: Reply | undefined, request: Buffer): boolean {
    const { unsent, bytes, bounds } = this.#parts;
    const socket = this.#socket;
    this.#state = 'idle';
    if (reply === undefined || !unsent.haveRoomFor(reply)) {
      this.#handOver(request);
      return false;
    }
    if (!this.#isServed) {
      this.#isServed = true;
      socket.setTimeout(bounds.keepAliveTimeout + keepAliveSurplus);
    }
    socket.write(bytes.of(reply));
    // Nearly all answers are with the system by then.
    if (socket.writableLength > 0) {
      this.#watchSlowReader(reply);
    }
    return true;
  }

  #watchSlowReader(reply: Reply): void {
    const { unsent, connections, clock } = this.#parts;
    const socket = this.#socket;
    const sending = new AbortController();
    const release = unsent.count(reply);
    // It is not idle before: the end of the server, or too many connections, would cut the answer.
    connections.asked(socket);
    const taken = (): void => {
      release();
      sending.abort();
      connections.answered(socket);
    };
    // Called after all that was written before it, or when the connection is over.
    socket.write(nothing, taken);
    clock.sleep(limits.answerTime.most * 1_000, sending.signal).then(
      () => socket.destroy(),
      () => {},
    );
  }

  #handOver(bytes: Buffer): void {
    const socket = this.#socket;
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('timeout', this.#onTimeout);
    socket.off('error', ignore);
    socket.setTimeout(0);
    this.#parts.handOver(socket);
    socket.emit('data', bytes);
  }

  readonly #onEnd = (): void => {
    this.#socket.end();
  };

  readonly #onTimeout = (): void => {
    switch (this.#state) {
      case 'new':
        this.#socket.write(tooSlow);
        this.#socket.destroy();
        break;
      case 'idle':
        this.#socket.destroy();
        break;
      case 'answering':
        break;
      default:
        this.#state satisfies never;
    }
  };
}

function ignore(): void {}
