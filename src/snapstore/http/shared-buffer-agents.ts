import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { type OnReadOpts, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Bytes a socket is read at a time. */
const RECEIVED_AT_ONCE = 128 * 1024;

/**
 * An agent whose sockets all receive into the same memory. Node's parser copies out of it what belongs to a body; without it
 * each socket would be given new memory for every 64 KiB, which lies cold and then waits to be collected: that costs twice the
 * processor time of all else in a download.
 */
export class SharedBufferHttpAgent extends HttpAgent {
  readonly #memory = Buffer.allocUnsafeSlow(RECEIVED_AT_ONCE);

  override createConnection(...[options, connected]: Parameters<HttpAgent['createConnection']>): Created {
    const receiving = new Receiving(this.#memory);
    return receiving.by(super.createConnection({ ...options, ...receiving.options }, connected));
  }
}

/** The same with TLS. */
export class SharedBufferHttpsAgent extends HttpsAgent {
  readonly #memory = Buffer.allocUnsafeSlow(RECEIVED_AT_ONCE);

  override createConnection(...[options, connected]: Parameters<HttpsAgent['createConnection']>): Created {
    const receiving = new Receiving(this.#memory);
    return receiving.by(super.createConnection({ ...options, ...receiving.options }, connected));
  }
}

type Created = ReturnType<HttpAgent['createConnection']>;

/** What one socket receives goes to the listeners of its `data` event, which Node's client takes in before it returns. */
class Receiving {
  readonly options: { readonly onread: OnReadOpts };
  #socket: Socket | undefined;

  constructor(memory: Buffer) {
    const callback = (length: number): boolean => {
      this.#socket?.emit('data', memory.subarray(0, length));
      return true;
    };
    this.options = { onread: { buffer: memory, callback } };
  }

  by(created: Duplex | null | undefined): Created {
    this.#socket = created instanceof Socket ? created : undefined;
    return created;
  }
}
