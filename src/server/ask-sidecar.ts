import { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { refuseCommonName } from '../etcd/connection/transport-security.ts';
import type { Clock } from '../runtime/clock.ts';
import { readAtMost } from '../runtime/read-at-most.ts';
import type { LeaderAddress } from './leader-address.ts';

/** How the sidecars of a cluster reach each other. */
export interface SidecarSecurity {
  /** Whether they serve HTTPS: all of them do, or none. */
  readonly tls: boolean;
  /** PEM file of the authorities that sign their certificates (`--server-cacert`, else `--cacert`); undefined: those that Node trusts. */
  readonly caFile: string | undefined;
  /** What all of them ask for, as it is now; undefined where they ask for nothing. */
  readonly token?: (() => Promise<string>) | undefined;
}

/** One request to another sidecar. */
export interface SidecarRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Without a `host`, that of the address. */
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Readable | undefined;
  /** Ends the request, and the body of its answer. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** How long it may take until the other side is connected, ms. */
const connectMs = 10_000;

/** Bytes of a file of certificates, at most: all authorities of a machine are half a MiB. */
const mostPemBytes = 8 * 1024 * 1024;

/**
 * Sends a request over a connection of its own and resolves with the answer when its headers are there, however long that
 * takes once there is a connection. Rejects when there is none, when it breaks, and when the PEM file cannot be read.
 */
export async function askSidecar(
  address: LeaderAddress,
  security: SidecarSecurity,
  { method, path, headers, body, signal, clock }: SidecarRequest,
): Promise<IncomingMessage> {
  const { host, port } = address;
  const ca =
    security.tls && security.caFile !== undefined ? await readAtMost(security.caFile, mostPemBytes) : undefined;
  const token = await security.token?.();
  signal.throwIfAborted();
  // In place of what a client has shown: during a change of tokens the other side may know ours only.
  const shown = token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` };
  const options = { method, path, headers: shown, host, port, agent: false, signal } as const;
  const request = security.tls
    ? secureRequest({
        ...options,
        ...(ca === undefined ? {} : { ca }),
        // Node would take the name from the Host header, which names the sidecar that was asked first.
        servername: isIP(host) === 0 ? host : '',
        minVersion: 'TLSv1.2',
        checkServerIdentity: (_, certificate) => refuseCommonName(host, certificate),
      })
    : plainRequest(options);
  boundConnecting(request, { clock, connectedAt: security.tls ? 'secureConnect' : 'connect' });
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.once('response', resolve);
  // It stays: an error after the answer is one of the answer's body.
  request.on('error', reject);
  // Where the other side would go on with another protocol, Node ends the connection and tells of no error.
  request.once('close', () => reject(new Error('the connection ended without an answer')));
  if (body === undefined) {
    request.end();
  } else {
    body.pipe(request);
  }
  return await promise;
}

function boundConnecting(
  request: ClientRequest,
  { clock, connectedAt }: { readonly clock: Clock; readonly connectedAt: 'connect' | 'secureConnect' },
): void {
  const connecting = new AbortController();
  const settle = (): void => connecting.abort();
  request.once('socket', (socket) => {
    // So a pod that vanished is noticed although its answer may take a quarter of an hour.
    socket.setKeepAlive(true, 30_000);
    socket.once(connectedAt, settle);
  });
  request.once('close', settle);
  clock.sleep(connectMs, connecting.signal).then(
    () => request.destroy(new Error(`it is not connected after ${connectMs / 1_000} s`)),
    () => {},
  );
}
