import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server on a port of 127.0.0.1. Disposing closes it with all its connections. */
export interface LoopbackListener extends AsyncDisposable {
  readonly port: number;
}

/** Listens on a free port. */
export async function listenOnLoopback(server: Server): Promise<LoopbackListener> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeAllConnections();
      await promise;
    },
  };
}
