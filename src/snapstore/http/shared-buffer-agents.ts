import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { type OnReadOpts, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Bytes that are read from a socket at a time. */
const RECEIVED_AT_ONCE = 128 * 1024;

/**
 * An agent whose sockets all receive into the same buffer. Node's parser copies out of it what belongs to a body. By default
 * each socket gets new memory for every 64 KiB, which is cold and becomes garbage: that costs twice the processor time of all
 * else in a download.
 */
export class SharedBufferHttpAgent extends HttpAgent {
  readonly #memory = Buffer.allocUnsafeSlow(RECEIVED_AT_ONCE);

  override createConnection(...[options, connected]: Parameters<HttpAgent['createConnection']>): Created {
    const reader = new SocketReader(this.#memory);
    return reader.attach(super.createConnection({ ...options, ...reader.options }, connected));
  }
}

/** The same with TLS. */
export class SharedBufferHttpsAgent extends HttpsAgent {
  readonly #memory = Buffer.allocUnsafeSlow(RECEIVED_AT_ONCE);

  override createConnection(...[options, connected]: Parameters<HttpsAgent['createConnection']>): Created {
    const reader = new SocketReader(this.#memory);
    return reader.attach(super.createConnection({ ...options, ...reader.options }, connected));
  }
}

type Created = ReturnType<HttpAgent['createConnection']>;

/** Hands what one socket receives to the listeners of its `data` event; Node's client has used it up when they return. */
class SocketReader {
  readonly options: { readonly onread: OnReadOpts };
  #socket: Socket | undefined;

  constructor(memory: Buffer) {
    const callback = (length: number): boolean => {
      this.#socket?.emit('data', memory.subarray(0, length));
      return true;
    };
    this.options = { onread: { buffer: memory, callback } };
  }

  attach(created: Duplex | null | undefined): Created {
    this.#socket = created instanceof Socket ? created : undefined;
    return created;
  }
}
