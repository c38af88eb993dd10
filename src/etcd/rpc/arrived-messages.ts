import { setImmediate as turn } from 'node:timers/promises';
import type { ClientReadableStream } from '@grpc/grpc-js';

/**
 * The messages of a gRPC stream, in bundles of all that have arrived: many small messages then cost one turn of the
 * reader's loop. While the reader is busy nothing is taken from the network but the few messages that the stream itself
 * buffers. Throws the error of the stream after the messages that came before it.
 */
export async function* arrivedMessages<T>(
  call: Pick<ClientReadableStream<T>, 'on' | 'read'>,
): AsyncGenerator<readonly T[]> {
  let wake = Promise.withResolvers<void>();
  let ended = false;
  let failure: unknown;
  const stir = (): void => {
    wake.resolve();
  };
  call.on('readable', stir);
  call.on('end', () => {
    ended = true;
    stir();
  });
  call.on('error', (error: Error) => {
    failure ??= error;
    stir();
  });
  for (;;) {
    const bundle: T[] = [];
    for (let message = call.read(); message !== null; message = call.read()) {
      bundle.push(message as T);
    }
    if (bundle.length > 0) {
      yield bundle;
      continue;
    }
    if (failure !== undefined) {
      throw failure;
    }
    if (ended) {
      return;
    }
    await wake.promise;
    // gRPC decodes the other messages of a network packet one a tick: a turn later all of them are there.
    await turn();
    wake = Promise.withResolvers();
  }
}
