import { createServer, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { listenOnLoopback } from './loopback-listener.ts';

/** An HTTP proxy that keeps what it was asked for. Disposing closes it with all its connections. */
export interface RecordingProxy extends AsyncDisposable {
  readonly url: string;
  /** `CONNECT host:port`, or method and absolute URL. */
  readonly asked: string[];
  /** Values of `Proxy-Authorization`. */
  readonly authorizations: string[];
}

/**
 * Starts a proxy. With `target`, a port of this machine, everything is forwarded there, whatever host was asked for;
 * with `status` everything is answered so.
 */
export async function startRecordingProxy(
  answers: { readonly target: number } | { readonly status: number },
): Promise<RecordingProxy> {
  const asked: string[] = [];
  const authorizations: string[] = [];
  const sockets = new Set<Socket>();
  const note = (request: IncomingMessage): void => {
    asked.push(`${request.method} ${request.url}`);
    authorizations.push(request.headers['proxy-authorization'] ?? '');
  };
  const server = createServer((request, response) => {
    note(request);
    request.resume();
    response.writeHead('status' in answers ? answers.status : 502).end('<html>the proxy</html>');
  });
  server.on('connect', (request, client: Socket, head) => {
    note(request);
    client.on('error', () => client.destroy());
    if ('status' in answers) {
      client.end(`HTTP/1.1 ${answers.status} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const upstream = connect(answers.target, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    sockets.add(client).add(upstream);
    upstream.on('error', () => client.destroy());
  });
  const listener = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${listener.port}`,
    asked,
    authorizations,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) {
        socket.destroy();
      }
      await listener[Symbol.asyncDispose]();
    },
  };
}
