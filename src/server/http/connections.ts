import type { ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { limits } from '../../runtime/limits.ts';

/** The connections of a server: how many there are, how many requests of each wait, and their end. */
export class Connections {
  /** All connections, as TCP has them. */
  readonly #all = new Set<Socket>();
  /** Those of HTTP/1.1, with the number of their requests that wait for an answer. */
  readonly #waiting = new Map<Socket, number>();
  /** Sessions of HTTP/2, with the number of their open streams. */
  readonly #streams = new Map<ServerHttp2Session, number>();
  readonly #idleMs: number;
  #ending = false;

  /** Sessions of HTTP/2 without a stream end after `idleMs` milliseconds; Node itself ends connections of HTTP/1.1. */
  constructor({ idleMs }: { readonly idleMs: number }) {
    this.#idleMs = idleMs;
  }

  /** True once {@link end} was called: each answer is the last of its connection. */
  get ending(): boolean {
    return this.#ending;
  }

  /** Takes in a new connection. When there are too many, idle ones end; when none is idle, the new one ends. */
  opened(socket: Socket): void {
    this.#all.add(socket);
    // An error of a connection ends it, and concerns no other.
    socket.on('error', () => {});
    socket.once('close', () => this.#all.delete(socket));
    if (this.#all.size > limits.connections.most && this.#closeIdle() === 0) {
      socket.destroy();
    }
  }

  /** Takes in a connection that speaks HTTP/1.1, after the handshake of TLS where there is one. */
  ready(socket: Socket): void {
    this.#waiting.set(socket, 0);
    socket.once('close', () => this.#waiting.delete(socket));
  }

  /** Takes in a session of HTTP/2. It ends when no stream of it was open for some time. */
  began(session: ServerHttp2Session): void {
    this.#streams.set(session, 0);
    session.once('close', () => this.#streams.delete(session));
    session.on('stream', (stream) => {
      this.#countStream(session, 1);
      stream.once('close', () => this.#countStream(session, -1));
    });
    session.setTimeout(this.#idleMs, () => {
      if (this.#streams.get(session) === 0) {
        session.close();
      }
    });
    // An error of a client ends its session, and concerns no other.
    session.on('error', () => {});
  }

  /** Counts a request of HTTP/1.1 until its answer is over; false when too many of its connection wait, so that the connection is to end. */
  admits(socket: Socket, outgoing: ServerResponse): boolean {
    const waiting = this.asked(socket);
    outgoing.once('close', () => this.answered(socket));
    return waiting <= limits.requestsAtOnce.most;
  }

  /** Counts a request of HTTP/1.1 that waits for an answer; returns how many of its connection do. */
  asked(socket: Socket): number {
    const waiting = (this.#waiting.get(socket) ?? 0) + 1;
    this.#waiting.set(socket, waiting);
    return waiting;
  }

  /** Counts the answer to a request. */
  answered(socket: Socket): void {
    const left = this.#waiting.get(socket);
    if (left === undefined) {
      return;
    }
    this.#waiting.set(socket, left - 1);
    if (this.#ending && left === 1) {
      socket.destroySoon();
    }
  }

  /** Ends what is idle now; connections whose requests wait end with their last answer. */
  end(): void {
    this.#ending = true;
    this.#closeIdle();
    for (const session of this.#streams.keys()) {
      session.close();
    }
  }

  /** Ends everything. */
  destroy(): void {
    for (const socket of this.#all) {
      socket.destroy();
    }
  }

  /** Ends the connections that wait for nothing and returns their number. */
  #closeIdle(): number {
    const idle = [...this.#waiting].filter(([, waiting]) => waiting === 0);
    const silent = [...this.#streams].filter(([, streams]) => streams === 0);
    for (const [each] of [...idle, ...silent]) {
      each.destroy();
    }
    return idle.length + silent.length;
  }

  #countStream(session: ServerHttp2Session, change: 1 | -1): void {
    const streams = this.#streams.get(session);
    if (streams !== undefined) {
      this.#streams.set(session, streams + change);
    }
  }
}
