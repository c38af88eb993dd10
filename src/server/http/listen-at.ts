import type { Server } from 'node:net';
import { Failure } from '../../runtime/failure.ts';

/** Where a server is to listen. */
export interface ListenAddress {
  /** An IP address or a name of this machine; undefined: all addresses, IPv6 and IPv4. */
  readonly address: string | undefined;
  /** 0 takes a free one. */
  readonly port: number;
}

/** Listens and returns the port. Throws a Failure `listen_refused`. */
export async function listenAt(server: Server, { address, port }: ListenAddress): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ port, ...(address === undefined ? {} : { host: address }) }, resolve);
  try {
    await promise;
  } catch (error) {
    throw refused(error, { address, port });
  } finally {
    server.off('error', reject);
  }
  const found = server.address();
  return typeof found === 'object' && found !== null ? found.port : port;
}

function refused(error: unknown, { address, port }: ListenAddress): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const refusal = refusals[code] ?? {
    found: `the system says ${code}`,
    remedy: 'check --listen-address and --server-port',
  };
  return new Failure({
    code: 'listen_refused',
    action: 'listen',
    object: `at ${address ?? 'all addresses'}, port ${port}`,
    ...refusal,
    // What the resolver says is said by the refusal.
    cause: isOfResolver(error) ? undefined : error,
  });
}

function isOfResolver(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'getaddrinfo';
}

const refusals: Readonly<Record<string, { readonly found: string; readonly remedy: string }>> = {
  EADDRINUSE: {
    found: 'another process uses the port',
    remedy: 'end it, or give another --server-port',
  },
  EACCES: {
    found: 'it is not allowed',
    remedy: 'give a --server-port of at least 1024',
  },
  EADDRNOTAVAIL: {
    found: 'this machine does not have the address',
    remedy: 'give one of its own as --listen-address, or none for all',
  },
  ENOTFOUND: {
    found: 'the name is not known',
    remedy: 'give an address of this machine as --listen-address, or none for all',
  },
  EAI_AGAIN: {
    found: 'no name server says what the name stands for',
    remedy: 'give an address of this machine as --listen-address, or none for all',
  },
};
