import { limits } from '../../runtime/limits.ts';
import type { Exchange } from './exchange.ts';

/**
 * Reads the body of a request and forgets it: no path takes one. A request that waits for its answer would otherwise keep its
 * body on the wire. Beyond the limit the connection ends.
 */
export function discardBody({ incoming }: Exchange): void {
  if (incoming.readableEnded) {
    // As Node says of one that announces no body.
    return;
  }
  let bytes = 0;
  incoming.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > limits.requestBody.most) {
      incoming.destroy();
    }
  });
  // A client that goes away in the middle of its body is no error of the server.
  incoming.on('error', () => {});
}

/** Whether a request says by itself that its body is longer than the limit. */
export function announcesTooMuch({ incoming }: Exchange): boolean {
  return Number(incoming.headers['content-length'] ?? 0) > limits.requestBody.most;
}
