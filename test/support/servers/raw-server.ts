import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** What a raw server does with one request; `head` is its first line and headers. */
export type RawAnswer = (socket: Socket, head: string) => void;

/** A server that may send anything at all. */
export interface RawServer extends AsyncDisposable {
  readonly url: string;
  /** How many requests have come. */
  requests(): number;
}

/** Starts one on a free port of 127.0.0.1; bodies of requests are read and dropped. */
export async function startRawServer(answer: RawAnswer): Promise<RawServer> {
  const sockets = new Set<Socket>();
  let requests = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    let text = '';
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end >= 0) {
        const head = text.slice(0, end);
        text = '';
        // What follows in the same piece is a body, or the next request of a client that does not wait; none of ours does that.
        if (/^[A-Z]+ \S+ HTTP/.test(head)) {
          requests += 1;
          answer(socket, head);
        }
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    requests: () => requests,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) {
        socket.destroy();
      }
      server.close();
      await once(server, 'close');
    },
  };
}

/** Bytes that go out as they are, after which the connection is ended, cut or left as it is. */
export function rawBytes(text: string | Buffer, then: 'end' | 'cut' | 'stay' = 'end'): RawAnswer {
  return (socket) => {
    const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
    socket.write(bytes, () => {
      if (then === 'end') {
        socket.end();
      } else if (then === 'cut') {
        // What was written has to leave before the connection breaks.
        setImmediate(() => socket.resetAndDestroy());
      }
    });
  };
}

/** A whole answer of HTTP/1.1, with its length. */
export function rawHttp(
  status: string,
  body: string | Buffer = '',
  headers: Readonly<Record<string, string>> = {},
): RawAnswer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const lines = Object.entries({ 'content-length': String(bytes.length), connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const head = Buffer.from(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`, 'latin1');
  return (socket, request) => rawBytes(/^HEAD /.test(request) ? head : Buffer.concat([head, bytes]))(socket, request);
}
