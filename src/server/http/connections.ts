import type { ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { limits } from '../../runtime/limits.ts';

/** The connections of a server: how many there are, how many requests of each wait, and their end. */
export class Connections {
  /** All connections, as TCP has them. */
  readonly #all = new Set<Socket>();
  /** Those of HTTP/1.1, with the number of their requests that wait for an answer. */
  readonly #waiting = new Map<Socket, number>();
  /** Connections whose handshake of TLS goes on, oldest first, by the client's end. */
  readonly #securing = new Map<string, Socket>();
  /** Sessions of HTTP/2. */
  readonly #sessions = new Map<ServerHttp2Session, Session>();
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

  /**
   * Takes in a new connection. When there are too many, idle ones end; when none is idle, one that has not ended its handshake of TLS
   * for the longest time does, and the new one when there is none.
   */
  opened(socket: Socket, transport: 'plain' | 'tls'): void {
    this.#all.add(socket);
    // An error of a connection ends it, and concerns no other.
    socket.on('error', () => {});
    socket.once('close', () => this.#all.delete(socket));
    if (transport === 'tls') {
      const client = clientOf(socket);
      this.#securing.set(client, socket);
      socket.once('close', () => this.#secured(client));
    }
    if (this.#all.size > limits.connections.most && this.#closeIdle() === 0) {
      const [slowest = socket] = this.#securing.values();
      slowest.destroy();
    }
  }

  /** Takes in a connection that speaks HTTP/1.1, after the handshake of TLS where there is one. */
  ready(socket: Socket): void {
    this.#secured(clientOf(socket));
    this.#waiting.set(socket, 0);
    // Answers that wait for others before them listen to its end.
    socket.setMaxListeners(mostListeners);
    socket.once('close', () => this.#waiting.delete(socket));
  }

  /** Takes in a session of HTTP/2. It ends when no stream of it was open for some time. */
  began(session: ServerHttp2Session, socket: TLSSocket): void {
    this.#secured(clientOf(socket));
    this.#sessions.set(session, { streams: 0, socket });
    session.once('close', () => this.#sessions.delete(session));
    session.on('stream', (stream) => {
      this.#countStream(session, 1);
      stream.once('close', () => this.#countStream(session, -1));
    });
    session.setTimeout(this.#idleMs, () => {
      if (this.#sessions.get(session)?.streams === 0) {
        session.close();
      }
    });
    // An error of a client ends its session, and concerns no other.
    session.on('error', () => {});
    endWithSession(socket, session, Math.min(this.#idleMs, longestLingerMs));
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
    for (const session of this.#sessions.keys()) {
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
    const idle = [...this.#waiting].filter(([, waiting]) => waiting === 0).map(([socket]) => socket);
    const silent = [...this.#sessions].filter(([, { streams }]) => streams === 0);
    for (const each of idle) {
      each.destroy();
    }
    for (const [session, { socket }] of silent) {
      if (session.destroyed) {
        socket.destroy();
      } else {
        session.destroy();
      }
    }
    return idle.length + silent.length;
  }

  /** The handshake with a client is over. */
  #secured(client: string): void {
    this.#securing.delete(client);
  }

  #countStream(session: ServerHttp2Session, change: 1 | -1): void {
    const counted = this.#sessions.get(session);
    if (counted !== undefined) {
      counted.streams += change;
    }
  }
}

/** A session of HTTP/2 as it is counted. */
interface Session {
  /** How many streams are open. */
  streams: number;
  readonly socket: TLSSocket;
}

/** Of one connection: two for each answer that waits, and some of Node's own. */
const mostListeners = 2 * limits.requestsAtOnce.most + 16;

/** How long a session that has ended may take to end its connection, ms: twice as long at the most. */
const longestLingerMs = 5_000;

/**
 * Ends the connection of a session that has ended. Node does it once all is sent, and so never where a client broke the rules and went away
 * with answers on their way: it hears nothing of the connection then.
 */
function endWithSession(socket: TLSSocket, session: ServerHttp2Session, lingerMs: number): void {
  let hadEnded = false;
  // Node reads and writes past this socket, so its timeout is one of a clock.
  socket.on('timeout', () => {
    if (hadEnded) {
      socket.destroy();
      return;
    }
    hadEnded = session.destroyed;
    socket.setTimeout(lingerMs);
  });
  socket.setTimeout(lingerMs);
}

/** The client's end of a connection: the same for a socket and for the one of TLS over it. */
function clientOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
