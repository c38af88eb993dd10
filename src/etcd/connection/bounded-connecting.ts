import { type Client, connectivityState, type ServiceError, status } from '@grpc/grpc-js';
import type { Clock } from '../../runtime/clock.ts';

/**
 * How long a connection may take, with TLS and the greeting of HTTP/2, ms. gRPC waits for as long as the system does (two minutes for a
 * machine that is gone), and without end for an etcd that does nothing.
 */
const connectMs = 10_000;

/**
 * Calls `fail` with an error of gRPC when `client` has begun to connect and is not connected in time. Dispose of it when the call that
 * needs the connection has ended.
 */
export function boundedConnecting(client: Client, clock: Clock, fail: (error: Error) => void): Disposable {
  const controller = new AbortController();
  const channel = client.getChannel();
  if (channel.getConnectivityState(false) !== connectivityState.READY) {
    clock.sleep(connectMs, controller.signal).then(
      () => {
        if (channel.getConnectivityState(false) !== connectivityState.READY) {
          const details = 'there was no connection in time';
          const reason: Pick<ServiceError, 'code' | 'details'> = { code: status.DEADLINE_EXCEEDED, details };
          fail(Object.assign(new Error(details), reason));
        }
      },
      () => {},
    );
  }
  return { [Symbol.dispose]: () => controller.abort() };
}
