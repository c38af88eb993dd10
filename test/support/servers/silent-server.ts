import { once } from 'node:events';
import { createServer } from 'node:net';

/** A server that takes connections and never says a word. */
export interface SilentServer extends AsyncDisposable {
  readonly url: string;
  /** Resolves when somebody has connected. */
  readonly connected: Promise<unknown>;
}

/** Starts one on a free port. */
export async function startSilentServer(): Promise<SilentServer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const connected = once(server, 'connection');
  const sockets: { destroy(): unknown }[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  return {
    url: `http://127.0.0.1:${port}`,
    connected,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) {
        socket.destroy();
      }
      server.close();
      await once(server, 'close');
    },
  };
}
