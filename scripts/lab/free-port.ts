import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Where ports are looked for: below those that Linux gives to outgoing connections (32768 on, ip(7)), one of which would soon have
 * a port that was free a moment ago.
 */
const [first, end] = [15_000, 32_000];

/** A TCP port of 127.0.0.1 that nothing listens on at the moment; another process may take it before the caller does. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(first, end);
    if (await isFree(port)) {
      return port;
    }
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  server.once('error', (error: NodeJS.ErrnoException) =>
    error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
  );
  server.listen(port, '127.0.0.1', () => {
    server.close(() => resolve(true));
  });
  return await promise;
}
