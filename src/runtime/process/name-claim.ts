import { createConnection, createServer, type Server } from 'node:net';

/** A name that this process has for itself until it disposes of it or ends. */
export type NameClaim =
  | { readonly outcome: 'held'; readonly claim: AsyncDisposable }
  /** The process id that the holder gives, in its own pid namespace. */
  | { readonly outcome: 'busy'; readonly pid: number | undefined }
  | { readonly outcome: 'unavailable'; readonly reason: string };

/** How long a holder may take to give its process id, ms. */
const ANSWER_WITHIN = 1_000;

/**
 * Claims a name among all processes of a network namespace (the containers of a pod share one), where files cannot be locked:
 * as an abstract Unix socket of Linux, which the kernel frees whatever way its process ends.
 */
export async function claimName(name: string): Promise<NameClaim> {
  if (process.platform !== 'linux') {
    return { outcome: 'unavailable', reason: 'this system has no abstract sockets' };
  }
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(String(process.pid));
  });
  const failure = await listening(server, `\0etcdbrctl/${name}`);
  if (failure === undefined) {
    server.unref();
    return { outcome: 'held', claim: { [Symbol.asyncDispose]: () => closed(server) } };
  }
  return failure.code === 'EADDRINUSE'
    ? { outcome: 'busy', pid: await pidOf(`\0etcdbrctl/${name}`) }
    : { outcome: 'unavailable', reason: failure.message };
}

function listening(server: Server, address: string): Promise<NodeJS.ErrnoException | undefined> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException | undefined>();
  server.once('error', resolve);
  server.listen(address, () => resolve(undefined));
  return promise;
}

function closed(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  return promise;
}

/** Undefined when it gives no answer. */
function pidOf(address: string): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const socket = createConnection(address);
  let answer = '';
  const finish = (): void => {
    socket.destroy();
    resolve(/^\d{1,10}$/.test(answer) ? Number(answer) : undefined);
  };
  socket.setTimeout(ANSWER_WITHIN, finish);
  socket.on('error', finish);
  socket.on('data', (bytes) => {
    answer = (answer + bytes.toString('latin1')).slice(0, 20);
  });
  socket.on('end', finish);
  return promise;
}
