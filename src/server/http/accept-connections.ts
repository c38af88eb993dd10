import type { Server } from 'node:http';
import { type Http2SecureServer, Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Connections } from './connections.ts';
import { DirectConnection, type DirectParts } from './direct-connection.ts';

/**
 * Counts the connections of a server that does not listen yet. Those of HTTP/1.1 begin as direct ones; Node gets them when they bring
 * something else than plain requests, and all others at once.
 */
export function acceptConnections(
  server: Server | Http2SecureServer,
  parts: Omit<DirectParts, 'handOver'> & { readonly connections: Connections },
): void {
  const { connections } = parts;
  const serve = 'setSecureContext' in server ? 'secureConnection' : 'connection';
  const handOver = takeListeners(server, serve);
  const begin = (socket: Socket): void => {
    connections.ready(socket);
    DirectConnection.begin(socket, { ...parts, handOver });
  };
  const transport = serve === 'connection' ? 'plain' : 'tls';
  server.on('connection', (socket: Socket) => connections.opened(socket, transport));
  if ('setSecureContext' in server) {
    server.on('secureConnection', (socket: TLSSocket) => {
      if (socket.alpnProtocol !== 'h2') {
        begin(socket);
        return;
      }
      // Node begins the session while it is given the connection.
      server.once('session', (session) => connections.began(session, socket));
      handOver(socket);
    });
  } else {
    server.on('connection', begin);
  }
  server.on('connect', (_, sink: Duplex | Http2ServerResponse) => refuseTunnel(sink));
}

/** Takes from a server what Node does with a new connection, so that it can be done later. */
function takeListeners(
  server: Server | Http2SecureServer,
  event: 'connection' | 'secureConnection',
): (socket: Socket) => void {
  const listeners = server.listeners(event);
  server.removeAllListeners(event);
  return (socket) => {
    for (const listener of listeners) {
      listener.call(server, socket);
    }
  };
}

/** Node hands out the socket of HTTP/1.1, and nobody else ends it or listens to its errors then; of HTTP/2 it is an answer. */
function refuseTunnel(sink: Duplex | Http2ServerResponse): void {
  if (sink instanceof Http2ServerResponse) {
    sink.statusCode = 404;
    sink.end();
    return;
  }
  sink.on('error', () => {});
  sink.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n', () => sink.destroy());
}
