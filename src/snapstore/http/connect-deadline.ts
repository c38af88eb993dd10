import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';

/** How long a connection may take, TLS included, ms: what takes a connection may still never answer the handshake. */
export const connectDeadlineMs = 20_000;

/** A connection that was not there in time. SDKs keep text and code of it. */
export class ConnectTimeout extends Error {
  static readonly code = 'E_CONNECT_TIMEOUT';
  readonly code = ConnectTimeout.code;

  constructor(found: string) {
    super(found);
    this.name = 'ConnectTimeout';
  }
}

/** Has `request` fail with a {@link ConnectTimeout} that names `place`, a host with its port, when its new connection is not ready in time. */
export function boundConnecting(request: ClientRequest, place: string, ms: number): void {
  request.once('socket', (socket: Socket) => {
    const isSecure = 'encrypted' in socket;
    if (!socket.connecting && !(isSecure && Reflect.get(socket, 'secureConnecting') === true)) {
      return;
    }
    const timer = setTimeout(() => {
      const left = socket.connecting
        ? 'has not taken the connection'
        : 'takes connections and has not answered the TLS handshake';
      request.destroy(new ConnectTimeout(`${place} ${left} within ${ms / 1_000} s`));
    }, ms);
    const stop = (): void => clearTimeout(timer);
    socket.once(isSecure ? 'secureConnect' : 'connect', stop);
    socket.once('close', stop);
    request.once('close', stop);
  });
}
